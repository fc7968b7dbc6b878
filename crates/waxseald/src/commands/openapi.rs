//! `waxseald openapi`

use anyhow::Result;

use crate::api_document;

/// Prints the document of all services.
pub(crate) fn openapi() -> Result<()> {
    super::print(&api_document::json()?)
}
