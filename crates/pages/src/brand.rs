//! A tenant's brand as the files its pages fetch.

use std::sync::OnceLock;

use serde::Serialize;
use wax_model::{Brand, Color, Corners, DomainSettings, Entitlements, Kind, ink_on, readable};

use crate::{Cache, Served};

/// `/brand.json`, `/brand.css` and `/brand/logo` of one tenant.
#[derive(Debug, Clone)]
pub struct BrandFiles {
    /// Name, texts and what may be made here.
    pub json: Served,
    /// Colours and shapes, from a closed grammar: it is the one style without an integrity attribute.
    pub stylesheet: Served,
    /// The picture, if there is one.
    pub logo: Option<Served>,
    /// For visitors who ask for no language of ours.
    pub language: wax_i18n::Lang,
}

/// What `web/apps/link/src/shell/brand.ts` reads.
#[derive(Serialize)]
struct BrandJson<'a> {
    organization: &'a str,
    logo: Option<&'static str>,
    support: Option<&'a str>,
    before_open: Option<&'a str>,
    after_open: Option<&'a str>,
    create: &'static str,
    max_lifetime_s: u64,
    max_views: u32,
    kinds: Vec<Kind>,
    passphrase: &'static str,
    /// What the form begins with; null: as ever.
    lifetime_s: Option<u64>,
    views: Option<u32>,
    kind: Option<Kind>,
}

/// A host's look, rendered when its first visitor comes: an edge has a hundred thousand, and few visitors in its first
/// seconds.
#[derive(Debug)]
pub struct Look {
    brand: Brand,
    plan: Entitlements,
    settings: DomainSettings,
    files: OnceLock<BrandFiles>,
}

impl Look {
    /// A brand, what the plan allows, and what the tenant decided for the host.
    pub const fn new(brand: Brand, plan: Entitlements, settings: DomainSettings) -> Self {
        Self { brand, plan, settings, files: OnceLock::new() }
    }

    /// Its files.
    pub fn files(&self) -> &BrandFiles {
        self.files.get_or_init(|| BrandFiles::render(&self.brand, &self.plan, &self.settings))
    }
}

impl BrandFiles {
    /// Renders a brand and the limits its pages should know.
    pub fn render(brand: &Brand, plan: &Entitlements, settings: &DomainSettings) -> Self {
        Self {
            json: Served::new(json(brand, plan, settings), "application/json", Cache::Revalidate),
            stylesheet: Served::new(
                stylesheet(brand),
                "text/css; charset=utf-8",
                Cache::Revalidate,
            ),
            logo: brand.logo.as_ref().map(|logo| {
                Served::new(logo.bytes.clone(), logo.content_type.as_str(), Cache::Revalidate)
            }),
            language: brand.language.parse().unwrap_or_default(),
        }
    }
}

fn json(brand: &Brand, plan: &Entitlements, settings: &DomainSettings) -> Vec<u8> {
    fn given(text: &str) -> Option<&str> {
        Some(text).filter(|text| !text.is_empty())
    }
    let DomainSettings { limits: own, defaults, .. } = settings;
    let limits = own.within(plan);
    let view = BrandJson {
        organization: &brand.name,
        logo: brand.logo.as_ref().map(|_| "/brand/logo"),
        support: given(&brand.support),
        before_open: given(&brand.before_open),
        after_open: given(&brand.after_open),
        create: if settings.strangers_create() { "anyone" } else { "closed" },
        max_lifetime_s: limits.max_lifetime.as_secs(),
        max_views: limits.max_views,
        kinds: plan.kinds.iter().copied().filter(|kind| own.allows(*kind)).collect(),
        passphrase: if own.passphrase_required { "required" } else { "optional" },
        lifetime_s: defaults.lifetime_s,
        views: defaults.views,
        kind: defaults.kind,
    };
    serde_json::to_vec(&view).expect("strings and numbers have a JSON form")
}

/// The surfaces of `web/packages/ui/style/tokens.css` on which the shades must be readable.
const DARK_SURFACE: Color = Color([0x1d, 0x1c, 0x20]);

/// Every value is a `Color`, which prints six hexadecimal digits, or one of the sizes below.
fn stylesheet(brand: &Brand) -> String {
    let accent = brand.accent;
    let light = shades(
        accent,
        readable(accent, Color::WHITE, 6.0, Color::BLACK),
        readable(accent, Color::WHITE, 3.0, Color::BLACK),
    );
    let dark_accent = readable(accent, DARK_SURFACE, 5.5, Color::WHITE);
    let dark = shades(
        dark_accent,
        readable(accent, DARK_SURFACE, 7.0, Color::WHITE),
        readable(accent, DARK_SURFACE, 2.0, Color::WHITE),
    );
    let radius = match brand.corners {
        Corners::Square => 2,
        Corners::Soft => 10,
        Corners::Round => 22,
    };
    format!(
        ":root{{{light}--brand-radius:{radius}px}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    )
}

fn shades(accent: Color, ink: Color, wax: Color) -> String {
    let on_accent = ink_on(accent);
    format!(
        "--brand-accent:{accent};--brand-on-accent:{on_accent};--brand-ink:{ink};--brand-wax:{wax};"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use wax_model::{Logo, LogoType};

    fn render(brand: &Brand) -> BrandFiles {
        BrandFiles::render(brand, &Entitlements::SELF_HOSTED, &DomainSettings::default())
    }

    #[test]
    fn the_json_says_what_the_page_needs_and_nothing_empty() {
        let files = render(&Brand {
            support: "help@acme.example".into(),
            ..Brand::plain("Acme \"&\" <Co>")
        });
        let json: serde_json::Value = serde_json::from_slice(files.json.body()).unwrap();
        assert_eq!(json["organization"], "Acme \"&\" <Co>");
        assert_eq!(json["support"], "help@acme.example");
        assert_eq!(json["before_open"], serde_json::Value::Null);
        assert_eq!(json["logo"], serde_json::Value::Null);
        assert_eq!(json["max_lifetime_s"], 31_536_000);
    }

    #[test]
    fn the_json_says_what_the_tenant_decided_for_the_host() {
        use wax_model::domain::{Creators, DomainDefaults, DomainLimits};
        let settings = DomainSettings {
            creators: Creators::Members,
            limits: DomainLimits {
                max_lifetime_s: Some(3_600),
                kinds: Some(vec![Kind::DeviceBound]),
                passphrase_required: true,
                ..DomainLimits::default()
            },
            defaults: DomainDefaults { lifetime_s: Some(600), ..DomainDefaults::default() },
            ..DomainSettings::default()
        };
        let look = Look::new(Brand::plain("Acme"), Entitlements::SELF_HOSTED, settings);
        let json: serde_json::Value = serde_json::from_slice(look.files().json.body()).unwrap();
        for (member, value) in [
            ("create", serde_json::json!("closed")),
            ("max_lifetime_s", 3_600.into()),
            ("kinds", vec!["device_bound"].into()),
            ("passphrase", "required".into()),
            ("lifetime_s", 600.into()),
            ("views", serde_json::Value::Null),
        ] {
            assert_eq!(json[member], value, "{member}");
        }
    }

    #[test]
    fn a_logo_is_named_only_where_it_exists() {
        let logo = Logo { content_type: LogoType::Png, bytes: vec![1, 2, 3] };
        let files = render(&Brand { logo: Some(logo), ..Brand::plain("Acme") });
        let json: serde_json::Value = serde_json::from_slice(files.json.body()).unwrap();
        assert_eq!(json["logo"], "/brand/logo");
        assert_eq!(files.logo.unwrap().content_type(), "image/png");
    }

    #[test]
    fn the_stylesheet_is_this_and_nothing_else() {
        assert_eq!(
            stylesheet(&Brand::plain("Acme")),
            ":root{--brand-accent:#8f1d2c;--brand-on-accent:#ffffff;--brand-ink:#8f1d2c;--brand-wax:#8f1d2c;\
             --brand-radius:10px}\n@media (prefers-color-scheme:dark){:root{--brand-accent:#d97a7c;\
             --brand-on-accent:#000000;--brand-ink:#e69191;--brand-wax:#942230;}}\n"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_colour_leaves_the_grammar(channels: [u8; 3], corners in 0..3usize) {
            let corners = [Corners::Square, Corners::Soft, Corners::Round][corners];
            let sheet = stylesheet(&Brand { accent: Color(channels), corners, ..Brand::plain("x") });
            let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "#:;{}()-@ \n".contains(c);
            proptest::prop_assert!(sheet.chars().all(allowed), "{sheet}");
            proptest::prop_assert_eq!(sheet.matches('{').count(), 3);
            proptest::prop_assert!(!sheet.contains("url"));
        }
    }
}
