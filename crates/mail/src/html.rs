//! The HTML of a mail. Tables, because Outlook lays nothing else out; no image, no script, nothing fetched: opening a
//! mail tells nobody. Everything that is not written here goes through [`escape`].

use std::fmt::Write as _;

use wax_i18n::Lang;
use wax_kernel::html::escape;
use wax_model::{Color, contrast, ink_on, readable};

use crate::content::{Button, Content};

/// The dark surface of `web/packages/ui/style/tokens.css`, on which the shades must be readable.
const DARK_SURFACE: Color = Color([0x1d, 0x1c, 0x20]);

/// What the same colours are called in light and dark.
struct Shades {
    /// Of the band on top and the button.
    accent: Color,
    on_accent: Color,
    /// Of links in the text.
    ink: Color,
    dark_accent: Color,
    dark_on_accent: Color,
    dark_ink: Color,
}

impl Shades {
    fn of(accent: Color) -> Self {
        let dark_accent = if contrast(accent, DARK_SURFACE) >= 3.0 {
            accent
        } else {
            readable(accent, DARK_SURFACE, 3.0, Color::WHITE)
        };
        Self {
            accent,
            on_accent: ink_on(accent),
            ink: readable(accent, Color::WHITE, 6.0, Color::BLACK),
            dark_accent,
            dark_on_accent: ink_on(dark_accent),
            dark_ink: readable(accent, DARK_SURFACE, 7.0, Color::WHITE),
        }
    }
}

/// Renders a mail. `sender` stands in the band on top.
pub(crate) fn html(content: &Content, lang: Lang, sender: &str, accent: Color) -> String {
    let shades = Shades::of(accent);
    let fonts = match lang {
        Lang::En => "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif",
        Lang::Ja => {
            "'Hiragino Sans','Yu Gothic','Noto Sans JP','Noto Sans CJK JP',Meiryo,sans-serif"
        }
    };
    let Shades { accent, on_accent, .. } = shades;
    format!(
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"supported-color-schemes\" content=\"light dark\">\
         <meta name=\"format-detection\" content=\"telephone=no,date=no,address=no,email=no\">\
         <title>{title}</title><style>{style}</style></head>\n\
         <body class=\"paper\" style=\"margin:0;padding:0;background:#f6f4f1;-webkit-text-size-adjust:100%\">\
         {preheader}\n\
         <table role=\"presentation\" class=\"paper\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" bgcolor=\"#f6f4f1\">\
         <tr><td align=\"center\" style=\"padding:24px 12px\">\n\
         <!--[if mso]><table role=\"presentation\" width=\"560\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td><![endif]-->\n\
         <table role=\"presentation\" class=\"card\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" bgcolor=\"#ffffff\" \
         style=\"max-width:560px;border:1px solid #e2ded7;font-family:{fonts};font-size:16px;line-height:1.6;color:#1c1a18\">\n\
         <tr><td class=\"band\" bgcolor=\"{accent}\" style=\"padding:14px 28px;font-size:15px;font-weight:600;color:{on_accent}\">{sender}</td></tr>\n\
         <tr><td class=\"ink\" style=\"padding:28px 28px 8px;color:#1c1a18\">\n\
         <h1 class=\"ink\" style=\"margin:0 0 16px;font-size:22px;line-height:1.3;font-weight:700;color:#1c1a18\">{title}</h1>\n\
         {body}</td></tr>\n\
         <tr><td class=\"foot\" style=\"padding:16px 28px 24px;border-top:1px solid #e2ded7;font-size:13px;line-height:1.5;color:#5d5851\">{footer}</td></tr>\n\
         </table>\n<!--[if mso]></td></tr></table><![endif]-->\n</td></tr></table></body></html>\n",
        title = escape(&content.title),
        style = style(&shades),
        preheader = preheader(&content.preheader),
        sender = escape(sender),
        body = body(content, &shades),
        footer = footer(content),
    )
}

/// Only what a style attribute cannot say: the dark colours, also as Outlook.com marks them.
fn style(shades: &Shades) -> String {
    let Shades { dark_accent, dark_on_accent, dark_ink, .. } = shades;
    let rules = [
        (".paper", "background:#131215!important".to_owned()),
        (
            ".card",
            "background:#1d1c20!important;border-color:#3a383f!important;color:#f0eeea!important"
                .to_owned(),
        ),
        (".ink", "color:#f0eeea!important".to_owned()),
        (".foot,.label", "color:#b3aea6!important;border-color:#3a383f!important".to_owned()),
        (
            ".band,.button",
            format!("background:{dark_accent}!important;color:{dark_on_accent}!important"),
        ),
        (".label-on", format!("color:{dark_on_accent}!important")),
        (".link", format!("color:{dark_ink}!important")),
    ];
    let mut sheet =
        String::from(":root{color-scheme:light dark}@media (prefers-color-scheme:dark){");
    for (classes, rule) in &rules {
        // Writing to a String cannot fail.
        let _ = write!(sheet, "{classes}{{{rule}}}");
    }
    sheet.push('}');
    for (classes, rule) in &rules {
        for class in classes.split(',') {
            let _ = write!(sheet, "[data-ogsc] {class},[data-ogsb] {class}{{{rule}}}");
        }
    }
    sheet
}

/// Hidden in the mail, shown in lists; the filler keeps the list from showing what follows.
fn preheader(text: &str) -> String {
    format!(
        "<div style=\"display:none;max-height:0;overflow:hidden;mso-hide:all\">{}{}</div>",
        escape(text),
        "&#847;&zwnj;&nbsp;".repeat(40)
    )
}

fn body(content: &Content, shades: &Shades) -> String {
    let mut out: String = content.before.iter().map(|said| paragraph(said)).collect();
    if let Some(button) = &content.button {
        out += &self::button(button, shades);
    }
    if !content.facts.is_empty() {
        out += &facts(&content.facts);
    }
    out.extend(content.after.iter().map(|said| paragraph(said)));
    if let Some(button) = &content.button {
        out += &fallback(button, shades);
    }
    out
}

fn paragraph(text: &str) -> String {
    format!("<p class=\"ink\" style=\"margin:0 0 16px;color:#1c1a18\">{}</p>\n", escape(text))
}

/// A cell with a background is a button everywhere; a link with padding is none in Outlook.
fn button(button: &Button, shades: &Shades) -> String {
    let Shades { accent, on_accent, .. } = shades;
    format!(
        "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"margin:4px 0 20px\"><tr>\
         <td class=\"button\" bgcolor=\"{accent}\" style=\"border-radius:8px\">\
         <a class=\"label-on\" href=\"{href}\" style=\"display:inline-block;padding:12px 22px;font-weight:600;text-decoration:none;color:{on_accent}\">{label}</a>\
         </td></tr></table>\n",
        href = escape(button.link.expose()),
        label = escape(&button.label),
    )
}

fn fallback(button: &Button, shades: &Shades) -> String {
    format!(
        "<p class=\"label\" style=\"margin:0 0 16px;font-size:13px;line-height:1.5;color:#5d5851\">{}<br>\
         <a class=\"link\" href=\"{href}\" style=\"color:{ink};word-break:break-all\">{href}</a></p>\n",
        escape(&button.fallback),
        href = escape(button.link.expose()),
        ink = shades.ink,
    )
}

fn facts(facts: &[(String, String)]) -> String {
    let mut rows = String::new();
    for (label, value) in facts {
        let _ = write!(
            rows,
            "<tr><td class=\"label\" style=\"padding:4px 20px 4px 0;vertical-align:top;white-space:nowrap;font-size:14px;color:#5d5851\">{}</td>\
             <td class=\"ink\" style=\"padding:4px 0;font-size:14px;color:#1c1a18;word-break:break-word\">{}</td></tr>",
            escape(label),
            escape(value)
        );
    }
    format!(
        "<table cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"margin:0 0 16px\">{rows}</table>\n"
    )
}

fn footer(content: &Content) -> String {
    let mut lines: Vec<String> = content.footer.iter().map(|line| escape(line)).collect();
    if let Some((label, link)) = &content.stop {
        let (href, label) = (escape(link.expose()), escape(label));
        lines
            .push(format!("<a class=\"foot\" href=\"{href}\" style=\"color:#5d5851\">{label}</a>"));
    }
    lines.join("<br>")
}
