//! The table of docs/accounts.md §2, as a handler meets it.

use axum::{Router, body::Body, routing::get};
use http::{Request, StatusCode};
use tower::ServiceExt as _;
use wax_crypto::Origin;
use wax_kernel::{ApiKeyId, DomainId, RequestId, SessionId, Timestamp};
use wax_model::{Actor, ApiKey, Membership, PlanId, Reach, Role, Scope, SessionKind};

use super::*;
use crate::{ClientAddress, Network};

const ACCOUNT: AccountId = AccountId::from_bytes([1; 16]);
const ACME: TenantId = TenantId::from_bytes([2; 16]);
const DOMAIN: DomainId = DomainId::from_bytes([3; 16]);
const KEY: ApiKeyId = ApiKeyId::from_bytes([4; 16]);

/// One account and one key, both Acme's.
#[derive(Debug, Clone)]
struct Known {
    role: Role,
    domain: Option<DomainId>,
    scopes: Vec<Scope>,
    stepped_up: bool,
}

fn member(role: Role) -> Known {
    Known { role, domain: None, scopes: Scope::ALL.to_vec(), stepped_up: true }
}

#[async_trait]
impl Authenticator for Known {
    async fn session(
        &self,
        token: BearerHash,
        _: &PlatformContext,
    ) -> Result<Option<Bearer>, Problem> {
        let at = Timestamp::from_ms(0);
        let session = Session {
            id: SessionId::from_bytes([5; 16]),
            account: ACCOUNT,
            kind: SessionKind::Cli,
            device: "laptop".into(),
            network: "192.0.2.0/24".into(),
            created_at: at,
            last_used_at: at,
            idle_ends_at: at,
            ends_at: at,
            stepped_up_until: at,
        };
        let bearer = Bearer { session, name: "Ann".into(), lang: "en".into() };
        Ok((token == bearer_hash("wxs_ann")).then_some(bearer))
    }

    async fn key(&self, text: BearerHash, _: ClientAddress) -> Result<Option<KeyBearer>, Problem> {
        let at = Timestamp::from_ms(0);
        let key = ApiKey {
            id: KEY,
            name: "ci".into(),
            hint: "wxk_acme".into(),
            scopes: self.scopes.clone(),
            networks: Vec::new(),
            created_by: ACCOUNT,
            created_at: at,
            expires_at: at,
            last_used_at: None,
            overlap_ends_at: None,
        };
        Ok((text == bearer_hash("wxk_ci")).then_some(KeyBearer { tenant: ACME, key }))
    }

    async fn belonging(
        &self,
        account: AccountId,
        organization: &str,
    ) -> Result<Option<Belonging>, Problem> {
        let joined_at = Timestamp::from_ms(0);
        let membership = Membership { account, role: self.role, domain: self.domain, joined_at };
        let (slug, name) = ("acme".to_owned(), "Acme".to_owned());
        let acme = Belonging { tenant: ACME, slug, name, deletion_due_at: None, membership };
        Ok((organization == "acme").then_some(acme))
    }

    async fn organization(&self, id: TenantId) -> Result<Option<Tenant>, Problem> {
        let (slug, name) = ("acme".to_owned(), "Acme".to_owned());
        let (plan, created_at) = (PlanId::self_hosted(), Timestamp::from_ms(0));
        Ok(Some(Tenant { id, slug, name, plan, limited: false, created_at, deletion_due_at: None }))
    }

    fn stepped_up(&self, _: &Session) -> bool {
        self.stepped_up
    }
}

/// What a handler that needs `G` is told, or why it is not reached.
async fn ask<G: Grant>(
    known: &Known,
    bearer: &str,
    path: &str,
) -> Result<(Actor, Reach, Option<DomainId>), String> {
    let (told, tells) = std::sync::mpsc::channel();
    let handler = async move |caller: Allowed<G>| {
        assert_eq!(caller.scope.tenant(), ACME);
        told.send((caller.actor, caller.reach, caller.domain)).unwrap();
        StatusCode::NO_CONTENT
    };
    let authenticator: SharedAuthenticator = Arc::new(known.clone());
    let router = Router::new()
        .route("/v1/organizations/{organization}", get(handler))
        .with_state(authenticator);
    let mut request = Request::get(path);
    if !bearer.is_empty() {
        request = request.header("authorization", format!("Bearer {bearer}"));
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(PlatformContext {
        origin: Arc::new(Origin::parse("https://app.example").unwrap()),
        client: ClientAddress::new([192, 0, 2, 1].into()),
        network: Network::new("192.0.2.0/24"),
        request_id: RequestId::from_bytes([6; 16]),
    });
    let mut response = router.oneshot(request).await.unwrap();
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) => Err(problem.code().as_str().to_owned()),
        None => Ok(tells.recv().unwrap()),
    }
}

const PATH: &str = "/v1/organizations/acme";

/// Asks as a member and as a key, and compares with the table.
async fn agrees<G: Grant>() {
    let permission = G::PERMISSION;
    for role in Role::ALL {
        let told = ask::<G>(&member(*role), "wxs_ann", PATH).await;
        let expected =
            permission.of_role(*role).map(|reach| (Actor::Account(ACCOUNT), reach, None));
        assert_eq!(told, expected.ok_or("forbidden".to_owned()), "{permission:?} {role:?}");

        let confined = Known { domain: Some(DOMAIN), ..member(*role) };
        let told = ask::<G>(&confined, "wxs_ann", PATH).await;
        let kept = permission.of_role(*role).filter(|_| permission.confined());
        let expected = kept.map(|reach| (Actor::Account(ACCOUNT), reach, Some(DOMAIN)));
        assert_eq!(
            told,
            expected.ok_or("forbidden".to_owned()),
            "{permission:?} {role:?} confined"
        );
    }
    let late = Known { stepped_up: false, ..member(Role::Owner) };
    let told = ask::<G>(&late, "wxs_ann", PATH).await;
    assert_eq!(told == Err("step-up".into()), permission.needs_step_up(), "{permission:?}");
    for scope in Scope::ALL {
        let key = Known { scopes: vec![*scope], ..member(Role::Auditor) };
        let told = ask::<G>(&key, "wxk_ci", PATH).await;
        let may = permission.scope() == Some(*scope);
        let expected = may.then_some((Actor::Key(KEY), Reach::Own, None));
        assert_eq!(told, expected.ok_or("forbidden".to_owned()), "{permission:?} {scope:?}");
    }
}

#[tokio::test]
async fn members_and_keys_may_what_the_table_says() {
    agrees::<may::OrganizationRead>().await;
    agrees::<may::OrganizationWrite>().await;
    agrees::<may::OrganizationTransfer>().await;
    agrees::<may::OrganizationExport>().await;
    agrees::<may::OrganizationDelete>().await;
    agrees::<may::MembersRead>().await;
    agrees::<may::MembersWrite>().await;
    agrees::<may::KeysRead>().await;
    agrees::<may::KeysWrite>().await;
    agrees::<may::AuditRead>().await;
    agrees::<may::SecretsCreate>().await;
    agrees::<may::SecretsRead>().await;
    agrees::<may::SecretsBurn>().await;
}

#[tokio::test]
async fn another_organization_does_not_exist_and_strangers_are_signed_out() {
    let owner = member(Role::Owner);
    let other = "/v1/organizations/globex";
    for bearer in ["wxs_ann", "wxk_ci"] {
        let told = ask::<may::OrganizationRead>(&owner, bearer, other).await;
        assert_eq!(told, Err("not-available".into()), "{bearer}");
    }
    for bearer in ["", "wxs_bob", "wxk_other"] {
        for path in [PATH, other] {
            let told = ask::<may::OrganizationRead>(&owner, bearer, path).await;
            assert_eq!(told, Err("signed-out".into()), "{bearer} {path}");
        }
    }
    let by_id = format!("/v1/organizations/{ACME}");
    assert!(ask::<may::OrganizationRead>(&owner, "wxk_ci", &by_id).await.is_ok());
}
