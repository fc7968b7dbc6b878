//! The first tenant of an empty store, and what the demo says when it is up.

use std::{fmt::Write as _, path::Path};

use anyhow::Result;
use wax_kernel::{Clock, DomainId, Hostname, Rng, TenantId};
use wax_model::{Brand, Color, Corners, Domain, Logo, LogoType, Plan, Tenant};
use wax_store::{NewDomain, PlatformStore, Store as _};
use wax_store_sql::SqlStore;

const DEMO_HOST: &str = "secrets.acme.localhost";
const LOCAL_HOST: &str = "local.localhost";

/// Gives an empty store the tenant `local` on `local.localhost`; the demo also gets Acme, Inc.
pub(crate) async fn first_tenant(
    store: &SqlStore,
    demo: bool,
    clock: &dyn Clock,
    rng: &dyn Rng,
) -> Result<()> {
    let platform = store.platform();
    if platform.count_tenants().await? == 0 {
        add(platform, "local", "Local", LOCAL_HOST, Brand::plain("Local"), clock, rng).await?;
    }
    if demo {
        add(platform, "acme", "Acme, Inc.", DEMO_HOST, acme(), clock, rng).await?;
    }
    Ok(())
}

async fn add(
    platform: &dyn PlatformStore,
    slug: &str,
    name: &str,
    host: &str,
    brand: Brand,
    clock: &dyn Clock,
    rng: &dyn Rng,
) -> Result<()> {
    let tenant = Tenant {
        id: TenantId::random(rng),
        slug: slug.into(),
        name: name.into(),
        plan: Plan::SelfHosted,
        created_at: clock.now(),
    };
    let tenant = platform.ensure_tenant(&tenant).await?;
    let domain =
        Domain { id: DomainId::random(rng), host: Hostname::parse(host)?, created_at: clock.now() };
    platform.ensure_domain(&NewDomain { tenant: tenant.id, domain, brand }).await?;
    Ok(())
}

fn acme() -> Brand {
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

    fn origin(self) -> String {
        let Self { scheme, port } = self;
        match (scheme, port) {
            ("http", 80) | ("https", 443) => format!("{scheme}://{DEMO_HOST}"),
            _ => format!("{scheme}://{DEMO_HOST}:{port}"),
        }
    }
}

/// What a person sees who has started the demo: one address and one line to try.
pub(crate) fn welcome(place: Place, ca: Option<&Path>) -> String {
    let origin = place.origin();
    let client = client();
    let mut text = format!("\n  Waxseal is running for Acme, Inc.\n\n    Browser   {origin}\n");
    let trust =
        ca.filter(|_| place.scheme == "https").map(|ca| format!(" --ca-file {}", ca.display()));
    let trust_option = trust.unwrap_or_default();
    // Writing to a String cannot fail.
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
