use std::{env::temp_dir, fs, process::id, time::Duration};

use wax_crypto::sealed_bytes;
use wax_model::{Limit, PlanId};

use crate::{Config, overlay::Table};

const PLANS: &str = r#"
    [[billing.plans]]
    id = "free"
    name_en = "Free"
    name_ja = "フリー"
    secrets_per_month = 20
    domains = 0
    members = 1
    keys = 0
    max_lifetime_s = 604800
    max_views = 5
    max_content_bytes = 2048
    audit_days = 30

    [[billing.plans]]
    id = "team"
    name_en = "Team"
    name_ja = "チーム"
    prices = ["team-month", "team-year"]
    per_seat = true
    trial_days = 14
    audit_days = 36500
"#;

const STRIPE: &str = r#"
    [billing]
    stripe_secret_key = "sk_test_hunter2"
    stripe_webhook_secrets = ["whsec_hunter3", "whsec_hunter4"]
    stripe_url = "http://127.0.0.1:12111"
"#;

fn load(text: &str) -> Result<Config, String> {
    let mut table = Table::default();
    table
        .apply_file(std::path::Path::new("waxseal.toml"), text)
        .map_err(|error| error.to_string())?;
    let config = table.into_config();
    config.check().map(|()| config).map_err(|error| error.to_string())
}

#[test]
fn without_plans_there_is_one_that_limits_nothing_but_what_the_operator_does() {
    let config = load("[secrets]\nmax_views = 7\n[audit]\nretention_days = 3\n").unwrap();
    let plans = config.plans();
    assert!(!plans.are_sold() && config.billing.stripe().unwrap().is_none());
    let plan = plans.default_plan();
    assert_eq!(plan.id, PlanId::self_hosted());
    assert_eq!((plan.entitlements.max_views, plan.entitlements.domains), (7, Limit::NONE));
    assert_eq!(plan.entitlements.audit_kept, Some(Duration::from_hours(3 * 24)));
}

#[test]
fn a_plan_has_the_limits_that_stand_there_and_never_more_than_the_operator_allows() {
    let text = format!("{STRIPE}{PLANS}\n[secrets]\nmax_views = 3\nmax_content_bytes = 4096");
    let plans = load(&text).unwrap().plans();
    assert!(plans.are_sold());
    let free = plans.default_plan().entitlements;
    assert_eq!((free.max_views, free.max_content_bytes), (3, sealed_bytes(2_048)));
    assert_eq!(free.max_lifetime, Duration::from_hours(7 * 24));
    assert_eq!(free.audit_kept, Some(Duration::from_hours(30 * 24)));
    assert_eq!((free.secrets_per_month, free.domains), (Limit::at_most(20), Limit::at_most(0)));
    let team = plans.with_price("team-year").unwrap();
    assert_eq!((team.name_ja.as_str(), team.per_seat, team.trial_days), ("チーム", true, 14));
    let team = team.entitlements;
    assert_eq!((team.max_views, team.max_content_bytes), (3, sealed_bytes(4_096)));
    assert_eq!((team.secrets_per_month, team.keys), (Limit::NONE, Limit::NONE));
    assert_eq!(team.audit_kept, Some(Duration::from_hours(365 * 24)));
}

#[test]
fn plans_that_cannot_be_are_told_with_what_is_wrong() {
    let changed = |from: &str, to: &str| format!("{STRIPE}{}", PLANS.replace(from, to));
    for (text, rule) in [
        (changed("\"free\"", "\"Free plan\""), "1 to 32 of a-z"),
        (changed("\"team\"", "\"free\""), "the plan free twice"),
        (changed("\"チーム\"", "\"\""), "1 to 40 characters"),
        (changed("\"team-year\"", "\"team-month\""), "the price \"team-month\" twice"),
        (changed("\"team-year\"", "\"team year\""), "no lookup key"),
        (changed("prices = [\"team-month\", \"team-year\"]", ""), "neither per_seat nor trial"),
        (changed("trial_days = 14", "trial_days = 91"), "trial_days that is not from 0 to 90"),
        (changed("domains = 0", "domains = -1"), "does not fit"),
        (changed("members = 1", "members = 0"), "members that is not from 1"),
        (changed("max_views = 5", "max_view = 5"), "max_view"),
        (changed("name_en = \"Free\"", ""), "name_en"),
        (
            format!(
                "{STRIPE}{}",
                PLANS.split("[[").nth(1).unwrap().replacen("billing", "[[billing", 1)
            ),
            "nothing to sell",
        ),
        (changed("keys = 0", "prices = [\"free-month\"]"), "0 plans without prices"),
        (format!("{STRIPE}\nplans = [\"free\"]"), "[[billing.plans]]"),
    ] {
        let told = load(&text).unwrap_err();
        assert!(told.starts_with("billing.plans") && told.contains(rule), "{told}");
    }
}

#[test]
fn plans_go_with_a_key_of_stripes_and_with_a_console() {
    let without = |key: &str| {
        let lines = STRIPE.lines().filter(|line| !line.trim().starts_with(key));
        lines.collect::<Vec<_>>().join("\n")
    };
    let no_secret = format!("{}{PLANS}", without("stripe_webhook_secrets"));
    let with = |more: &str| format!("{STRIPE}{more}{PLANS}");
    for (text, key) in [
        (PLANS.to_owned(), "billing.stripe_secret_key is empty"),
        (STRIPE.to_owned(), "billing.plans is empty"),
        (no_secret, "billing.stripe_webhook_secrets"),
        (with("stripe_secret_key_file = \"key\""), "billing.stripe_secret_key_file"),
        (with("stripe_webhook_secrets_file = \"key\""), "billing.stripe_webhook_secrets_file"),
        ("[billing]\nstripe_url = \"https://stripe.example\"".to_owned(), "billing.stripe_url"),
        (format!("{STRIPE}{PLANS}\n[console]\nhost = \"\""), "billing.plans"),
    ] {
        let told = load(&text).unwrap_err();
        assert!(told.starts_with(key), "{told}");
    }
    let edge = "[server]\nonly = [\"edge\"]\n[upstream]\nsecrets = [\"http://127.0.0.1:1\"]\naccounts = [\"http://127.0.0.1:1\"]";
    let config = load(&format!("{edge}{PLANS}")).expect("who takes no money needs no key");
    assert!(config.plans().are_sold() && config.billing.stripe().unwrap().is_none());
}

#[test]
fn stripe_is_reached_with_keys_that_nobody_prints() {
    let config = load(&format!("{STRIPE}{PLANS}")).unwrap();
    let stripe = config.billing.stripe().unwrap().unwrap();
    assert_eq!(stripe.secret_key.expose(), "sk_test_hunter2");
    assert_eq!(stripe.webhook_secrets.len(), 2);
    assert_eq!(stripe.url.as_deref(), Some("http://127.0.0.1:12111"));
    assert!(!format!("{config:?}{stripe:?}").contains("hunter"));

    let bad = format!("{STRIPE}{PLANS}").replace("http://127.0.0.1", "http://192.0.2.1");
    assert!(load(&bad).unwrap_err().starts_with("billing.stripe_url"));
    let real = format!("{STRIPE}{PLANS}").replace("http://127.0.0.1:12111", "https://api.example");
    assert_eq!(load(&real).unwrap().billing.stripe_url.as_deref(), Some("https://api.example"));
}

#[test]
fn keys_of_stripes_may_be_in_files() {
    let file = |name: &str| temp_dir().join(format!("waxseal-billing-{}-{name}", id()));
    let (key, secrets) = (file("key"), file("secrets"));
    fs::write(&key, "sk_test_file\n").unwrap();
    fs::write(&secrets, "whsec_a\n\n whsec_b\n").unwrap();
    let text = format!(
        "[billing]\nstripe_secret_key_file = {key:?}\nstripe_webhook_secrets_file = {secrets:?}\n{PLANS}"
    );
    let billing = load(&text).unwrap().billing;
    let stripe = billing.stripe().unwrap().unwrap();
    assert_eq!((stripe.secret_key.expose().as_str(), stripe.url), ("sk_test_file", None));
    let read: Vec<&str> =
        stripe.webhook_secrets.iter().map(|secret| secret.expose().as_str()).collect();
    assert_eq!(read, ["whsec_a", "whsec_b"]);
    fs::write(&secrets, "\n").unwrap();
    let told = billing.stripe().unwrap_err().to_string();
    assert!(
        told.starts_with("billing.stripe_webhook_secrets_file") && told.contains("empty"),
        "{told}"
    );
    fs::remove_file(&key).unwrap();
    fs::remove_file(&secrets).unwrap();
    let told = billing.stripe().unwrap_err().to_string();
    assert!(told.starts_with("billing.stripe_secret_key_file"), "{told}");
}
