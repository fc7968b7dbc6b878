//! `waxseald openapi`

use anyhow::Result;

/// Prints the document, generated from the types.
pub(crate) fn openapi() -> Result<()> {
    let mut document = wax_secrets::openapi().to_pretty_json()?;
    document.push('\n');
    super::print(&document)
}
