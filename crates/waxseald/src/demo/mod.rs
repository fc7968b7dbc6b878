//! The demo organization, and what the demo says when it is up.

use std::{fmt::Write as _, path::Path};

use anyhow::Result;
use wax_accounts::{Accounts, OperatorLink};
use wax_crypto::Origin;
use wax_kernel::{EmailAddress, Hostname};
use wax_model::{Brand, Color, Corners, Link, Logo, LogoType};

/// Where the demo organization lives.
pub(crate) const HOST: &str = "secrets.acme.localhost";

/// Its short name, and who owns it.
pub(crate) const SLUG: &str = "acme";
const OWNER: &str = "ann@acme.example";

/// The look of the demo organization.
pub(crate) fn acme() -> Brand {
    Brand {
        accent: Color([0x1f, 0x4b, 0x6e]),
        corners: Corners::Soft,
        support: "security@acme.example".into(),
        logo: Some(Logo {
            content_type: LogoType::Png,
            bytes: include_bytes!("acme.png").to_vec(),
        }),
        ..Brand::plain("Acme, Inc.")
    }
}

/// Where the demo can be reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    scheme: &'static str,
    port: u16,
}

impl Place {
    pub(crate) fn plain(port: u16) -> Self {
        Self { scheme: "http", port }
    }

    pub(crate) fn tls(port: u16) -> Self {
        Self { scheme: "https", port }
    }

    fn origin(self, host: &str) -> String {
        let Self { scheme, port } = self;
        match (scheme, port) {
            ("http", 80) | ("https", 443) => format!("{scheme}://{host}"),
            _ => format!("{scheme}://{host}:{port}"),
        }
    }
}

/// A link that signs in as the owner of the demo organization, once.
pub(crate) async fn sign_in_link(
    accounts: Option<&Accounts>,
    place: Place,
    console: Option<&Hostname>,
) -> Result<Option<Link>> {
    let (Some(accounts), Some(console)) = (accounts, console) else { return Ok(None) };
    let origin = Origin::parse(&place.origin(console.as_str()))?;
    let email = EmailAddress::parse(OWNER)?;
    let (name, organization) = (Some("Ann".to_owned()), Some(SLUG.to_owned()));
    let link = OperatorLink::Owner { name, organization };
    Ok(Some(accounts.operator_link(&origin, &email, link).await?))
}

/// What a person sees who has started the demo: the addresses, and one line to try.
pub(crate) fn welcome(
    place: Place,
    console: Option<&Hostname>,
    link: Option<&Link>,
    ca: Option<&Path>,
) -> String {
    let origin = place.origin(HOST);
    let client = client();
    let mut text = format!("\n  Waxseal is running for Acme, Inc.\n\n    Browser   {origin}\n");
    let trust =
        ca.filter(|_| place.scheme == "https").map(|ca| format!(" --ca-file {}", ca.display()));
    let trust_option = trust.unwrap_or_default();
    // Writing to a String cannot fail.
    if let Some(console) = console {
        let _ = writeln!(text, "    Console   {}", place.origin(console.as_str()));
    }
    if let Some(link) = link {
        let _ = writeln!(text, "    Sign in   {} (once, within the hour)", link.expose());
    }
    let _ = writeln!(
        text,
        "    Terminal  echo 'correct horse' | {client} share --to {origin}{trust_option}\n"
    );
    if let Some(ca) = ca.filter(|_| place.scheme == "https") {
        let _ = writeln!(
            text,
            "  Browsers warn until they trust this machine's own authority, {}.\n  Import that file under \"Authorities\" in the browser's certificate settings.\n",
            ca.display()
        );
    }
    text.push_str("  Demo data only. Ctrl-C stops the server.\n\n");
    text
}

/// The client's path as it can be typed from here: beside this program if it is there, else by name.
fn client() -> String {
    let beside = std::env::current_exe().ok().map(|server| server.with_file_name("waxseal"));
    let Some(path) = beside.filter(|path| path.is_file()) else { return "waxseal".into() };
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(&path).display().to_string()
}
