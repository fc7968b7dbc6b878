//! Whether the database keeps what it acknowledges. A secret that was opened must not come back after a power cut.

use wax_store::StoreError;

use crate::{
    dialect::{self, SAFE},
    engine::{Rows as _, Session, sql},
    statements::statements,
};

statements! {
    /// The settings of this connection that matter.
    DURABILITY = dialect::DURABILITY;
}

/// Refuses a connection that would lose acknowledged work, naming the setting and what to do.
pub(crate) async fn check(session: &mut Session<'_>) -> Result<(), StoreError> {
    for row in session.rows(sql(DURABILITY)).await? {
        let row = row.of("settings");
        judge(&row.get::<String>("name")?, row.get("value")?)?;
    }
    Ok(())
}

fn judge(name: &str, value: String) -> Result<(), StoreError> {
    let setting = SAFE.iter().find(|setting| setting.name == name);
    let setting = setting.ok_or(StoreError::Corrupt { table: "settings", column: "name" })?;
    if setting.values.contains(&&*value) {
        return Ok(());
    }
    Err(StoreError::NotDurable { setting: setting.name, value, remedy: setting.remedy })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_loses_acknowledged_work_is_named_with_its_remedy() {
        for (name, value) in [
            ("fsync", "off"),
            ("synchronous_commit", "off"),
            ("synchronous", "0"),
            ("synchronous", "1"),
            ("secure_delete", "0"),
            ("secure_delete", "2"),
        ] {
            let text = judge(name, value.into()).unwrap_err().to_string();
            assert!(text.starts_with(&format!("{name} is {value}: ")), "{text}");
        }
        for (name, value) in
            [("fsync", "on"), ("synchronous_commit", "local"), ("synchronous", "2")]
        {
            assert!(judge(name, value.into()).is_ok(), "{name}");
        }
    }
}
