//! `waxseald openapi`

use anyhow::Result;

/// Prints the document of all services, generated from the types.
pub(crate) fn openapi() -> Result<()> {
    let document = wax_secrets::openapi().merge_from(wax_accounts::openapi());
    let mut document = document.to_pretty_json()?;
    document.push('\n');
    super::print(&document)
}
