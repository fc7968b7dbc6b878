use std::time::Duration;

use wax_kernel::Redacted;

use super::*;

fn env(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect::<Vec<_>>()
        .into_iter()
}

fn with_env(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(None, env(pairs), None)
}

fn with_file(text: &str) -> Result<Config, ConfigError> {
    let mut table = overlay::Table::default();
    table.apply_file(Path::new("waxseal.toml"), text)?;
    let config = table.into_config();
    config.check().map(|()| config)
}

#[test]
fn the_default_file_is_the_default_configuration() {
    let defaults = Config::default();
    assert_eq!(with_file(DEFAULT_TOML), Ok(defaults.clone()));
    assert_eq!(with_env(&[]), Ok(defaults.clone()));
    assert_eq!(defaults.listeners.plain, Some("127.0.0.1:8080".parse().unwrap()));
    assert_eq!(defaults.listeners.tls, None);
    assert_eq!(defaults.store.database_url, DatabaseUrl::Sqlite("waxseal.db".into()));
    assert_eq!(defaults.secrets.max_lifetime, Duration::from_hours(365 * 24));
}

/// A comment serves the keys below it up to the next blank line or section.
#[test]
fn every_key_has_a_comment() {
    let mut commented = false;
    for line in DEFAULT_TOML.lines() {
        match line {
            _ if line.starts_with('#') => commented = true,
            _ if line.is_empty() || line.starts_with('[') => commented = false,
            _ => assert!(commented, "no comment above: {line}"),
        }
    }
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let dir = std::env::temp_dir();
    let file = dir.join(format!("waxseal-config-{}.toml", std::process::id()));
    fs::write(&file, "[secrets]\nmax_views = 5\nmax_content_bytes = 2048\n").unwrap();
    let config = Config::load(
        Some(&file),
        env(&[("WAXSEAL_SECRETS__MAX_VIEWS", "7"), ("HOME", "/root")]),
        None,
    );
    fs::remove_file(&file).unwrap();
    let secrets = config.unwrap().secrets;
    assert_eq!((secrets.max_views, secrets.max_content_bytes), (7, 2048));
}

#[test]
fn an_unknown_key_is_named_and_the_nearest_one_offered() {
    let told = |result: Result<Config, ConfigError>| result.unwrap_err().to_string();
    let typo = told(with_env(&[("WAXSEAL_SERVER__MAX_VIEWS", "7")]));
    assert_eq!(
        typo,
        "server.max_views (from the environment variable WAXSEAL_SERVER__MAX_VIEWS) is not a key of the configuration; \
         did you mean secrets.max_views?"
    );
    assert!(
        told(with_file("[secrets]\nmax_view = 7\n"))
            .starts_with("secrets.max_view (in waxseal.toml) is not a key")
    );
    assert!(told(with_file("max_views = 7\n")).contains("did you mean secrets.max_views?"));
    assert!(told(with_env(&[("WAXSEAL_SECRETS_NONSENSE", "")])).contains("is not a key"));
}

#[test]
fn a_value_that_does_not_fit_is_told_by_key_and_rule() {
    for (name, value, key, rule) in [
        ("WAXSEAL_LISTENERS__PLAIN", "8080", "listeners.plain", "must be an address and a port"),
        (
            "WAXSEAL_LISTENERS__TLS_PUBLIC_PORT",
            "65536",
            "listeners.tls_public_port",
            "must be from 0 to 65535",
        ),
        ("WAXSEAL_SECRETS__MAX_VIEWS", "0", "secrets.max_views", "must be from 1 to 1000"),
        (
            "WAXSEAL_SECRETS__MAX_LIFETIME_S",
            "-1",
            "secrets.max_lifetime_s",
            "must be from 60 to 31536000",
        ),
        ("WAXSEAL_SECRETS__MAX_VIEWS", "many", "secrets.max_views", "must be a whole number"),
        ("WAXSEAL_SERVER__DEMO", "yes", "server.demo", "must be true or false"),
        ("WAXSEAL_STORE__DATA_DIR", "", "store.data_dir", "must not be empty"),
        ("WAXSEAL_LOG__FORMAT", "xml", "log.format", "unknown variant"),
    ] {
        let told = with_env(&[(name, value)]).unwrap_err().to_string();
        assert!(told.starts_with(key) && told.contains(name) && told.contains(rule), "{told}");
    }
    let told = with_file("[secrets]\nmax_views = \"7\"\n").unwrap_err().to_string();
    assert!(told.starts_with("secrets.max_views (in waxseal.toml)"), "{told}");
}

#[test]
fn a_file_that_is_not_toml_is_told_by_line() {
    let told = with_file("[server]\ndemo = \n").unwrap_err().to_string();
    assert!(told.contains("waxseal.toml") && told.contains("(line 2)"), "{told}");
}

#[test]
fn a_missing_file_is_an_error_and_not_the_defaults() {
    let told = Config::load(Some(Path::new("/nonexistent/waxseal.toml")), env(&[]), None)
        .unwrap_err()
        .to_string();
    assert!(told.contains("/nonexistent/waxseal.toml"), "{told}");
}

#[test]
fn a_database_password_is_never_printed() {
    let url = "postgres://app:hunter2@db/waxseal";
    let config = with_env(&[("DATABASE_URL", url)]).unwrap();
    assert_eq!(config.store.database_url, DatabaseUrl::Postgres(Redacted::new(url.to_owned())));
    assert!(!format!("{config:?}{}", config.store.database_url).contains("hunter2"));

    let told = with_env(&[("DATABASE_URL", "mysql://app:hunter2@db/waxseal")]).unwrap_err();
    assert!(!format!("{told}{told:?}").contains("hunter2"), "{told}");
}

#[test]
fn keys_that_contradict_each_other_are_told_together() {
    for (pairs, key) in [
        (&[("WAXSEAL_LISTENERS__PLAIN", "")][..], "listeners.plain"),
        (&[("WAXSEAL_LISTENERS__MANAGEMENT", "127.0.0.1:8080")], "listeners.management"),
        (
            &[("WAXSEAL_SERVER__EPHEMERAL", "true"), ("DATABASE_URL", "postgres://app@db/waxseal")],
            "server.ephemeral",
        ),
    ] {
        let told = with_env(pairs).unwrap_err().to_string();
        assert!(told.starts_with(key), "{told}");
    }
}

#[test]
fn a_forgotten_underscore_is_told_and_other_programs_variables_are_left_alone() {
    let load =
        |name: &str| Config::load(None, [(name.to_owned(), "x".to_owned())].into_iter(), None);
    assert!(load("WAXSEAL_STORE_DATA_DIR").is_err());
    assert!(load("WAXSEAL_HOST").is_ok());
    assert!(load("WAXSEAL_CONFIG").is_ok());
}
