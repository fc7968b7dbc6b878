//! The page on which somebody stops notices by mail, and gets them again. Whoever has the link of a notice has it, signed in
//! or not, and a mail client may answer it without showing it (RFC 8058).

use std::sync::LazyLock;

use bytes::Bytes;
use http::{Response, StatusCode};
use wax_i18n::Lang;
use wax_kernel::html::escape;

use crate::written::Style;

/// What a form of the page sends, and with it every mail client: the first is the one of RFC 8058 §3.2.
pub const STOP_NOTICES: (&str, &str) = ("List-Unsubscribe", "One-Click");
/// The page's own, for the way back.
pub const RESUME_NOTICES: (&str, &str) = ("notices", "on");

static STYLE: LazyLock<Style> = LazyLock::new(|| {
    Style::new(
        &[
            include_str!("../../../web/packages/ui/style/tokens.css"),
            include_str!("../../../web/packages/ui/style/base.css"),
            include_str!("../../../web/packages/ui/style/controls.css"),
            include_str!("../../../web/apps/link/style/shell.css"),
            include_str!("notices.css"),
        ],
        "'self'",
    )
});

/// How it stands with the notices to an address, or what was just done about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notices {
    /// They are sent; nothing was changed.
    Sent,
    /// They are not sent.
    Stopped,
    /// They are sent again, as somebody has just asked.
    Resumed,
    /// The link names no address of this server.
    Unknown,
}

/// Whose host the page stands on.
#[derive(Debug, Clone)]
pub struct NoticesHost<'h> {
    /// Who is read at the top.
    pub sender: &'h str,
    /// The host, as people read it.
    pub name: &'h str,
    /// Whether it has a look of its own, at `/brand.css`.
    pub is_branded: bool,
}

impl Notices {
    /// The page that says so, with the one button that changes it.
    pub fn page(self, host: &NoticesHost<'_>, lang: Lang) -> Response<Bytes> {
        let say = |key: &str| self.say(lang, key, host);
        let title = say("title");
        let brand =
            if host.is_branded { "<link rel=\"stylesheet\" href=\"/brand.css\">\n" } else { "" };
        let body = format!(
            "<body>\n<header class=\"top\">\n<div class=\"brand\"><span class=\"brand-name\">{sender}</span></div>\n\
             <nav class=\"languages\" aria-label=\"{language}\">{languages}</nav>\n</header>\n\
             <main><div class=\"card stack\">\n<h1>{heading}</h1>\n<p class=\"lead\">{lead}</p>\n{form}{rest}\
             </div></main>\n</body>\n",
            sender = escape(host.sender),
            language = text(lang, "pages.language"),
            languages = languages(lang),
            heading = escape(&title),
            lead = escape(&say("body")),
            form = self.form(lang),
            rest = self.rest(lang, host),
        );
        STYLE.answer(self.status(), lang, STYLE.document(lang, &title, brand, &body))
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Stopped => "stopped",
            Self::Resumed => "resumed",
            Self::Unknown => "unknown",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Sent | Self::Stopped | Self::Resumed => StatusCode::OK,
        }
    }

    fn say(self, lang: Lang, part: &str, host: &NoticesHost<'_>) -> String {
        let key = format!("mail.notices.{}.{part}", self.key());
        wax_i18n::text(lang, &key, &[("site", &host.name)])
    }

    /// To this very address: the token stays where it is.
    fn form(self, lang: Lang) -> String {
        let (class, key, (name, value)) = match self {
            Self::Unknown => return String::new(),
            Self::Sent | Self::Resumed => {
                ("button primary wide", "mail.notices.stop", STOP_NOTICES)
            }
            Self::Stopped => ("button wide", "mail.notices.resume", RESUME_NOTICES),
        };
        let label = text(lang, key);
        format!(
            "<form method=\"post\"><input type=\"hidden\" name=\"{name}\" value=\"{value}\">\
             <button class=\"{class}\">{label}</button></form>\n"
        )
    }

    /// What comes all the same.
    fn rest(self, lang: Lang, host: &NoticesHost<'_>) -> String {
        if self == Self::Unknown {
            return String::new();
        }
        let always = wax_i18n::text(lang, "mail.notices.always", &[("site", &host.name)]);
        format!("<p class=\"muted small ruled\">{}</p>\n", escape(&always))
    }
}

fn text(lang: Lang, key: &str) -> String {
    escape(&wax_i18n::text(lang, key, &[]))
}

/// Each in its own words. A query is no part of what the token is in.
fn languages(current: Lang) -> String {
    let names = [(Lang::En, "English"), (Lang::Ja, "日本語")];
    let link = |(lang, name): (Lang, &str)| {
        let this = if lang == current { " aria-current=\"true\"" } else { "" };
        format!("<a href=\"?lang={lang}\" lang=\"{lang}\" hreflang=\"{lang}\"{this}>{name}</a>")
    };
    names.map(link).concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: [Notices; 4] =
        [Notices::Sent, Notices::Stopped, Notices::Resumed, Notices::Unknown];

    fn host(sender: &str) -> NoticesHost<'_> {
        NoticesHost { sender, name: "app.example", is_branded: false }
    }

    fn html(notices: Notices, sender: &str, lang: Lang) -> String {
        String::from_utf8(notices.page(&host(sender), lang).body().to_vec()).unwrap()
    }

    #[test]
    fn every_state_has_words_in_every_language_and_no_placeholder_is_left() {
        for (notices, lang) in EVERY.into_iter().flat_map(|n| Lang::ALL.map(|lang| (n, lang))) {
            let html = html(notices, "Acme", lang);
            let (_, body) = html.split_once("<body>").unwrap();
            assert!(!body.contains("mail.notices") && !body.contains('{'), "{body}");
            assert!(html.contains(&format!("<html lang=\"{lang}\">")));
        }
    }

    #[test]
    fn a_page_has_one_button_that_changes_what_it_says_and_runs_nothing() {
        for (notices, sends) in [
            (Notices::Sent, Some(STOP_NOTICES)),
            (Notices::Resumed, Some(STOP_NOTICES)),
            (Notices::Stopped, Some(RESUME_NOTICES)),
            (Notices::Unknown, None),
        ] {
            let html = html(notices, "Acme", Lang::En);
            let form = sends.map(|(name, value)| format!("name=\"{name}\" value=\"{value}\""));
            assert_eq!(html.matches("<form method=\"post\">").count(), usize::from(form.is_some()));
            assert!(form.is_none_or(|form| html.contains(&form)), "{notices:?}");
            assert!(
                !html.contains("<script") && !html.contains(" style=") && !html.contains("://")
            );
        }
    }

    #[test]
    fn a_name_that_somebody_chose_is_text() {
        let html = html(Notices::Sent, "<script>alert(1)</script>\"'&", Lang::Ja);
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;</span>"));
    }

    #[test]
    fn only_a_host_with_a_look_of_its_own_fetches_it() {
        let branded = NoticesHost { is_branded: true, ..host("Acme") };
        let body = Notices::Sent.page(&branded, Lang::En).into_body();
        assert!(String::from_utf8_lossy(&body).contains("href=\"/brand.css\""));
        assert!(!html(Notices::Sent, "Waxseal", Lang::En).contains("href=\"/brand.css\""));
    }
}
