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

#[test]
fn what_the_guide_says_of_own_domains_is_a_configuration() {
    let guide = include_str!("../../../deploy/README.md");
    let (_, after) = guide.split_once("```toml\n").unwrap();
    let (example, _) = after.split_once("```").unwrap();
    let config = with_file(example).unwrap();
    assert_eq!(config.domains.name_servers.len(), 2);
    assert_eq!(config.acme.issuers[0].name, "letsencrypt");
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
    let postgres = ("DATABASE_URL", "postgres://app@db/waxseal");
    let only = |parts| ("WAXSEAL_SERVER__ONLY", parts);
    let services = |at| ("WAXSEAL_LISTENERS__SERVICES", at);
    let upstream = |at| ("WAXSEAL_UPSTREAM__SECRETS", at);
    let accounts = |at| ("WAXSEAL_UPSTREAM__ACCOUNTS", at);
    let smtp = |url| ("WAXSEAL_MAIL__SMTP_URL", url);
    let from = ("WAXSEAL_MAIL__FROM_ADDRESS", "no-reply@waxseal.example");
    let plaintext = ("WAXSEAL_MAIL__ALLOW_PLAINTEXT_LOOPBACK", "true");
    let user = ("WAXSEAL_MAIL__SMTP_USER", "app");
    let password = ("WAXSEAL_MAIL__SMTP_PASSWORD", "x");
    let file = ("WAXSEAL_MAIL__SMTP_PASSWORD_FILE", "password");
    let listen = ("WAXSEAL_LISTENERS__DNS", "127.0.0.1:53,[::1]:53");
    let zone = ("WAXSEAL_DOMAINS__ZONE", "edge.example.net");
    let servers = ("WAXSEAL_DOMAINS__NAME_SERVERS", "ns1.example.org");
    let edges = ("WAXSEAL_DOMAINS__EDGE_ADDRESSES", "192.0.2.1");
    let contact = |address| ("WAXSEAL_DOMAINS__CONTACT", address);
    let suffix = |name| ("WAXSEAL_DOMAINS__PLATFORM_SUFFIX", name);
    let console = |host| ("WAXSEAL_CONSOLE__HOST", host);
    let long = format!("{}@example.net", "a".repeat(64));
    for (pairs, key) in [
        (vec![("WAXSEAL_LISTENERS__PLAIN", "")], "listeners.plain"),
        (vec![("WAXSEAL_LISTENERS__MANAGEMENT", "127.0.0.1:8080")], "listeners.management"),
        (vec![("WAXSEAL_SERVER__EPHEMERAL", "true"), postgres], "server.ephemeral"),
        (vec![("WAXSEAL_SERVER__EPHEMERAL", "true"), only("worker")], "server.ephemeral"),
        (vec![only("edge")], "upstream.secrets"),
        (vec![only("secrets")], "listeners.services"),
        (vec![only("worker"), services("127.0.0.1:8090")], "listeners.services"),
        (vec![only("worker"), ("WAXSEAL_LISTENERS__TLS", "[::]:443")], "listeners.tls"),
        (vec![("WAXSEAL_LISTENERS__REDIRECT", "[::]:80")], "listeners.redirect"),
        (vec![upstream("http://127.0.0.1:8090")], "upstream.secrets"),
        (vec![only("edge"), upstream("http://127.0.0.1:8090")], "upstream.accounts"),
        (vec![only("edge,secrets")], "upstream.accounts"),
        (vec![only("edge,accounts")], "upstream.secrets"),
        (vec![only("accounts")], "listeners.services"),
        (vec![accounts("http://127.0.0.1:8090")], "upstream.accounts"),
        (vec![only("edge,secrets"), accounts("https://a.internal:8090")], "upstream.accounts"),
        (vec![only("edge,accounts"), upstream("https://a.internal:8090")], "upstream.secrets"),
        (vec![services("0.0.0.0:8090")], "listeners.services"),
        (vec![("WAXSEAL_UPSTREAM__CA", "ca.pem")], "upstream.certificate"),
        (vec![smtp("smtps://mail.example")], "mail.from_address"),
        (vec![smtp("smtp://mail.example"), from, plaintext], "mail.allow_plaintext_loopback"),
        (vec![smtp("smtps://localhost"), from, plaintext], "mail.allow_plaintext_loopback"),
        (vec![smtp("smtps://mail.example"), from, user], "mail.smtp_user"),
        (vec![smtp("smtps://mail.example"), from, password], "mail.smtp_user"),
        (vec![smtp("smtps://mail.example"), from, user, password, file], "mail.smtp_password_file"),
        (vec![only("dns"), zone], "listeners.dns"),
        (vec![only("worker"), listen], "listeners.dns"),
        (vec![("WAXSEAL_LISTENERS__DNS", "127.0.0.1:8080")], "listeners.dns"),
        (vec![only("dns"), listen], "domains.zone"),
        (vec![listen], "domains.zone"),
        (vec![listen, zone], "domains.name_servers"),
        (vec![listen, zone, servers], "domains.edge_addresses"),
        (vec![listen, zone, servers, edges], "domains.contact"),
        (vec![listen, zone, servers, edges, contact(long.as_str())], "domains.contact"),
        (vec![suffix("on.example.org")], "domains.platform_suffix"),
        (vec![zone, suffix("edge.example.net")], "domains.platform_suffix"),
        (vec![zone, suffix("example.org"), console("app.example.org")], "domains.platform_suffix"),
        (vec![zone, suffix("a.example.org"), console("example.org")], "domains.platform_suffix"),
        (vec![zone, console("app.edge.example.net")], "console.host"),
        (
            vec![zone, ("WAXSEAL_DOMAINS__SERVE_PLATFORM_SUFFIX", "true")],
            "domains.serve_platform_suffix",
        ),
    ] {
        let told = with_env(&pairs).unwrap_err().to_string();
        assert!(told.starts_with(key), "{pairs:?}: {told}");
    }
}

#[test]
fn an_edge_may_serve_one_part_and_ask_for_the_other() {
    let only = |parts| ("WAXSEAL_SERVER__ONLY", parts);
    let at = "http://127.0.0.1:8090";
    let (secrets, accounts) =
        (("WAXSEAL_UPSTREAM__SECRETS", at), ("WAXSEAL_UPSTREAM__ACCOUNTS", at));
    for pairs in [
        vec![only("edge,secrets"), accounts],
        vec![only("edge,accounts"), secrets],
        vec![only("edge"), secrets, accounts],
        vec![only("edge"), secrets, ("WAXSEAL_CONSOLE__HOST", "")],
    ] {
        assert!(with_env(&pairs).is_ok(), "{pairs:?}: {:?}", with_env(&pairs));
    }
}

#[test]
fn a_process_may_be_a_name_server_and_nothing_else() {
    let zone = [
        ("WAXSEAL_LISTENERS__DNS", "192.0.2.53:53"),
        ("WAXSEAL_DOMAINS__ZONE", "edge.example.net"),
        ("WAXSEAL_DOMAINS__NAME_SERVERS", "ns1.edge.example.net 192.0.2.53"),
        ("WAXSEAL_DOMAINS__EDGE_ADDRESSES", "192.0.2.1,2001:db8::1"),
        ("WAXSEAL_DOMAINS__CONTACT", "hostmaster@example.net"),
    ];
    let only = ("WAXSEAL_SERVER__ONLY", "dns");
    let config = with_env(&[&zone[..], &[only]].concat()).unwrap();
    assert_eq!(config.server.only, Parts::only(vec![Part::Dns]));
    assert_eq!(config.listeners.dns, ["192.0.2.53:53".parse().unwrap()]);
    assert!(with_env(&zone).unwrap().server.only.has(Part::Dns), "and one that serves all");
    assert!(with_env(&zone[1..]).is_ok(), "others may serve the zone");
    let others = ("WAXSEAL_SERVER__ONLY", "edge,secrets,accounts,worker");
    let ephemeral = ("WAXSEAL_SERVER__EPHEMERAL", "true");
    assert!(with_env(&[others, ephemeral]).unwrap().server.only.is_all());
}

#[test]
fn parts_are_a_list_and_none_is_all() {
    let all = with_env(&[]).unwrap().server.only;
    assert!(all.is_all() && Part::ALL.iter().all(|part| all.has(*part)));
    let listening = ("WAXSEAL_LISTENERS__SERVICES", "127.0.0.1:8090");
    let two = with_env(&[("WAXSEAL_SERVER__ONLY", " worker, secrets "), listening]).unwrap();
    assert_eq!(two.server.only, Parts::only(vec![Part::Secrets, Part::Worker]));
    assert!(!two.server.only.has(Part::Edge) && !two.server.only.is_all());
    let file = "[server]\nonly = [\"secrets\"]\n[listeners]\nservices = \"127.0.0.1:8090\"\n";
    assert_eq!(with_file(file).unwrap().server.only, Parts::only(vec![Part::Secrets]));
    let told = with_env(&[("WAXSEAL_SERVER__ONLY", "edge,sekrets")]).unwrap_err().to_string();
    assert!(
        told.starts_with("server.only") && told.contains("edge, secrets, accounts, worker"),
        "{told}"
    );
}

#[test]
fn the_command_line_wins_over_the_environment() {
    let variables = env(&[("WAXSEAL_SERVER__ONLY", "edge")]);
    let flag = |parts| Some(Flag::new("--only", "server.only", parts));
    let config = Config::load(None, variables, flag("worker")).unwrap();
    assert_eq!(config.server.only, Parts::only(vec![Part::Worker]));
    let told = Config::load(None, env(&[]), flag("sekrets")).unwrap_err().to_string();
    assert!(told.starts_with("server.only (from --only)"), "{told}");
}

#[test]
fn plain_http_to_another_machine_is_refused() {
    let endpoints = |text: &str| {
        let only = ("WAXSEAL_SERVER__ONLY", "edge,accounts");
        let files = [
            ("WAXSEAL_UPSTREAM__CA", "ca.pem"),
            ("WAXSEAL_UPSTREAM__CERTIFICATE", "edge.pem"),
            ("WAXSEAL_UPSTREAM__KEY", "edge.key"),
        ];
        let all = [&[only, ("WAXSEAL_UPSTREAM__SECRETS", text)], &files[..]].concat();
        with_env(&all).map(|config| config.upstream.secrets)
    };
    let at = |tls, host: &str, port| Endpoint { tls, host: host.to_owned(), port };
    let good = "http://127.0.0.1:8090,http://localhost:1,http://[::1]:8090,https://a.internal:8090";
    let read = endpoints(good).unwrap();
    assert_eq!(read[..2], [at(false, "127.0.0.1", 8090), at(false, "localhost", 1)]);
    assert_eq!(read[2..], [at(false, "::1", 8090), at(true, "a.internal", 8090)]);
    for bad in ["http://192.0.2.1:8090", "http://a.internal:8090", "http://127.0.0.1.example:80"] {
        let told = endpoints(bad).unwrap_err().to_string();
        assert!(told.starts_with("upstream.secrets") && told.contains("loopback"), "{told}");
    }
    for bad in [
        "a.internal:8090",
        "https://a.internal",
        "https://a.internal:0",
        "https://:1",
        "ftp://a:1",
        "https://a:1/x",
    ] {
        assert!(endpoints(bad).unwrap_err().to_string().contains("no endpoint"), "{bad}");
    }
}

#[test]
fn a_proxy_is_a_network_or_an_address() {
    let proxies = |text| {
        let listeners = with_env(&[("WAXSEAL_LISTENERS__PROXIES", text)])?.listeners;
        Ok::<_, ConfigError>(listeners.proxies.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert!(proxies("").unwrap().is_empty());
    let read = proxies("10.0.0.0/8, 192.0.2.1,2001:db8::/32,::1").unwrap();
    assert_eq!(read, ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "::1/128"]);
    for bad in ["10.0.0.0/33", "lb.internal", "10.0.0", "10.0.0.1:80", "*"] {
        let told = proxies(bad).unwrap_err().to_string();
        assert!(told.starts_with("listeners.proxies") && told.contains(bad), "{told}");
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

#[test]
fn a_mail_server_is_a_name_with_a_usual_port_and_no_password() {
    let url =
        |text: &str| with_env(&[("WAXSEAL_MAIL__SMTP_URL", text), FROM]).map(|c| c.mail.smtp_url);
    let at = |tls, host: &str, port| Some(SmtpUrl { tls, host: host.to_owned(), port });
    assert_eq!(url("").unwrap(), None);
    assert_eq!(url("smtps://mail.example").unwrap(), at(true, "mail.example", 465));
    assert_eq!(url("smtp://mail.example").unwrap(), at(false, "mail.example", 587));
    assert_eq!(url("smtp://127.0.0.1:2525").unwrap(), at(false, "127.0.0.1", 2525));
    for bad in [
        "mail.example",
        "mail.example:25",
        "http://mail.example",
        "smtp://",
        "smtp://:25",
        "smtp://mail.example:0",
        "smtp://mail.example/x",
        "smtps://app:hunter2@mail.example",
    ] {
        let told = url(bad).unwrap_err();
        assert!(told.to_string().starts_with("mail.smtp_url"), "{told}");
        assert!(!format!("{told}{told:?}").contains("hunter2"), "{told}");
    }
    let config = with_env(&[("WAXSEAL_MAIL__SMTP_PASSWORD", "hunter2"), FROM]).unwrap();
    assert!(
        !format!("{config:?}").contains("hunter2") && !format!("{config:?}").contains("no-reply")
    );
    let told = with_env(&[("WAXSEAL_MAIL__FROM_ADDRESS", "Acme <a@acme.example>")]).unwrap_err();
    assert!(told.to_string().starts_with("mail.from_address"), "{told}");
}

const FROM: (&str, &str) = ("WAXSEAL_MAIL__FROM_ADDRESS", "no-reply@waxseal.example");
