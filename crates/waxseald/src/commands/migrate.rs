//! `waxseald migrate`

use anyhow::{Context as _, Result};
use wax_config::Config;

use crate::assemble;

/// Brings the schema up to date.
pub(crate) fn migrate(config: &Config) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = assemble::store(config).await?;
        store.migrate().await.context("the schema could not be brought up to date")?;
        store.close().await;
        super::print("The schema is up to date.\n")
    })
}
