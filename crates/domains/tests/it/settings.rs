//! What a tenant decides for one domain.

use http::Method;
use serde_json::json;
use wax_testkit::PlatformApp;

use crate::kit::tenant;

#[tokio::test]
async fn settings_change_part_by_part_and_what_is_beyond_the_plan_is_refused() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let path = format!("/{}/settings", acme.house.domain);
    let limits = json!({"max_lifetime_s": 86_400, "max_views": 5, "kinds": ["one_time"], "passphrase_required": true});
    for (change, expected) in [
        (json!({"home": "closed"}), json!({"home": "closed", "creators": "everyone"})),
        (json!({"creators": "members"}), json!({"home": "closed", "creators": "members"})),
        (json!({"limits": limits}), json!({"limits": limits, "shows_member": false})),
        (json!({"shows_member": true}), json!({"limits": limits, "shows_member": true})),
        (
            json!({"defaults": {"lifetime_s": 3_600, "views": 1}}),
            json!({"defaults": {"lifetime_s": 3_600, "views": 1}, "limits": limits}),
        ),
    ] {
        let changed = acme.ask(&app, Method::PATCH, &path, Some(&change)).await;
        assert_eq!(changed.status, 200, "{change}: {:?}", changed.json);
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(changed.json["settings"][name], *value, "{change}");
        }
    }
    for (change, field) in [
        (json!({"limits": {"max_views": 1_001}}), "limits.max_views"),
        (json!({"defaults": {"views": 6}}), "defaults.views"),
        (json!({"home": "open"}), "home"),
        (json!({"color": "red"}), "color"),
    ] {
        let refused = acme.ask(&app, Method::PATCH, &path, Some(&change)).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (422, "invalid"), "{change}");
        assert_eq!(refused.json["field"], field, "{change}");
    }
}
