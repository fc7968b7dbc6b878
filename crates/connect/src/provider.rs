//! What a DNS provider says, read as far as it can be believed.

use reqwest::Url;
use serde::Deserialize;
use wax_kernel::Hostname;

use crate::Fault;

/// Of a provider's name. More is no name.
const LONGEST_NAME: usize = 64;

/// What we make use of in a provider's settings (§7.2). The rest may be of any form.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Settings {
    #[serde(default)]
    provider_name: String,
    #[serde(default)]
    provider_display_name: String,
    #[serde(rename = "urlSyncUX")]
    pages: Option<String>,
    #[serde(rename = "urlAPI")]
    api: String,
    /// What we would have to understand.
    #[serde(default)]
    crit: Vec<String>,
}

/// The properties that we understand.
const UNDERSTOOD: [&str; 5] =
    ["providerId", "providerName", "providerDisplayName", "urlSyncUX", "urlAPI"];

impl Settings {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Fault> {
        let settings: Self = serde_json::from_slice(body).map_err(|_| Fault::Broken)?;
        if settings.crit.iter().any(|name| !UNDERSTOOD.contains(&name.as_str())) {
            return Err(Fault::Demanding);
        }
        Ok(settings)
    }

    /// Where its templates are asked about.
    pub(crate) fn api(&self) -> Result<Url, Fault> {
        place(&self.api).ok_or(Fault::Broken)
    }

    /// Where people are sent.
    pub(crate) fn pages(&self) -> Result<Url, Fault> {
        let pages = self.pages.as_deref().filter(|pages| !pages.is_empty());
        place(pages.ok_or(Fault::NoPages)?).ok_or(Fault::Broken)
    }

    /// What it wants to be called: without what cannot be seen or turns a line around, which are no part of a name.
    pub(crate) fn name(&self) -> Result<String, Fault> {
        let names = [&self.provider_display_name, &self.provider_name];
        let shown = names.into_iter().map(|name| visible(name)).find(|name| !name.is_empty());
        shown.ok_or(Fault::Broken)
    }
}

fn visible(name: &str) -> String {
    let hidden = |c: &char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
    };
    let name: String = name.chars().filter(|c| !hidden(c)).take(LONGEST_NAME).collect();
    name.trim().to_owned()
}

/// The start of a provider's URLs out of a zone's `_domainconnect` text (§7.1): a host, and perhaps a path.
pub(crate) fn of_text(text: &str) -> Option<Url> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#@\\%\"<>".contains(&byte);
    let fits = !text.is_empty() && text.bytes().all(plain) && !text.contains("//");
    place(&format!("https://{text}")).filter(|_| fits)
}

/// A URL below which others can be: https, a host's name, no port of its own, nothing behind the path. A name resolves to what
/// we allow; an address would be asked as it stands.
fn place(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_name = url.host_str().is_some_and(|host| Hostname::parse(host).is_ok());
    let is_plain = url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    (url.scheme() == "https" && is_name && is_plain).then_some(url)
}

/// A URL below another.
pub(crate) fn below(place: &Url, path: &str) -> Result<Url, Fault> {
    let whole = format!("{}/{path}", place.as_str().trim_end_matches('/'));
    Url::parse(&whole).map_err(|_| Fault::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zones_text_is_a_host_and_perhaps_a_path_and_nothing_else() {
        for (text, url) in [
            ("dc.virtucon.example", "https://dc.virtucon.example/"),
            ("dc.virtucon.example/dc", "https://dc.virtucon.example/dc"),
        ] {
            assert_eq!(of_text(text).map(|url| url.to_string()).as_deref(), Some(url));
        }
        for text in [
            "",
            "https://dc.virtucon.example",
            "127.0.0.1",
            "[::1]",
            "2130706433",
            "0x7f.1",
            "169.254.169.254/latest",
            "dc.virtucon.example:8443",
            "user@dc.virtucon.example",
            "dc.virtucon.example?x=1",
            "dc.virtucon.example#x",
            "dc.virtucon.example/ x",
            "//dc.virtucon.example",
            "dc.virtucon.example\\@127.0.0.1",
            "v=spf1 -all",
        ] {
            assert_eq!(of_text(text), None, "{text}");
        }
    }

    fn settings(json: &str) -> Settings {
        Settings::read(json.as_bytes()).unwrap()
    }

    #[test]
    fn what_a_provider_may_lie_about_is_told_apart() {
        for body in ["", "[]", "{}", "{\"urlAPI\": 7}"] {
            assert_eq!(Settings::read(body.as_bytes()).err(), Some(Fault::Broken), "{body}");
        }
        let demanding = "{\"urlAPI\": \"https://a.example\", \"crit\": [\"vnd.x\"]}";
        assert_eq!(Settings::read(demanding.as_bytes()).err(), Some(Fault::Demanding));
        let without = settings("{\"urlAPI\": \"https://a.example\", \"providerName\": \"A\"}");
        assert_eq!(without.pages().err(), Some(Fault::NoPages));
        for url in ["http://a.example", "https://10.0.0.1", "https://a.example/?q", "javascript:1"]
        {
            let json = serde_json::json!({"urlAPI": url, "urlSyncUX": url}).to_string();
            let lying = settings(&json);
            assert_eq!(
                (lying.api().err(), lying.pages().err()),
                (Some(Fault::Broken), Some(Fault::Broken))
            );
        }
    }

    #[test]
    fn a_name_is_shown_without_what_nobody_sees() {
        let named = |name: &str| {
            let json = serde_json::json!({"urlAPI": "", "providerName": "Virtucon", "providerDisplayName": name});
            settings(&json.to_string()).name()
        };
        assert_eq!(named("Evil\u{202e}\n Corp").as_deref(), Ok("Evil Corp"));
        assert_eq!(named("\u{200b}").as_deref(), Ok("Virtucon"));
        assert_eq!(named(&"x".repeat(1_000)).map(|name| name.len()), Ok(64));
    }
}
