//! The plain text of a mail: everything that the HTML says.

use crate::content::Content;

pub(crate) fn plain(content: &Content) -> String {
    let mut parts = vec![content.title.clone()];
    parts.extend(content.before.iter().cloned());
    if let Some(button) = &content.button {
        parts.push(format!("{}:\n{}", button.label, button.link.expose()));
    }
    if !content.facts.is_empty() {
        let lines = content.facts.iter().map(|(label, value)| format!("{label}: {value}"));
        parts.push(lines.collect::<Vec<_>>().join("\n"));
    }
    parts.extend(content.after.iter().cloned());
    let mut footer = content.footer.clone();
    if let Some((label, link)) = &content.stop {
        footer.push(format!("{label}: {}", link.expose()));
    }
    // The signature separator of RFC 3676 §4.3, which programs fold away.
    parts.push(format!("-- \n{}", footer.join("\n")));
    format!("{}\n", parts.join("\n\n"))
}
