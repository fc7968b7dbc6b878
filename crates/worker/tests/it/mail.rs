use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tempfile::TempDir;
use wax_crypto::at_rest::{KeyStore, MemoryKeyStore};
use wax_kernel::{
    Clock, DomainId, EmailAddress, HostPattern, Job, ManualClock, Rng, SystemRng, TenantId,
};
use wax_mail::{Office, Postbox, Security, Server, Smtp, samples::samples};
use wax_model::{
    Action, Brand, Color, Domain, Link, Mail, MailClass, MailKind, OutboxMessage, PlanId, Tenant,
    TenantScope, Topic, domain::Transport,
};
use wax_store::{NewDomain, Outbox, Store, Suppression, SuppressionReason};
use wax_telemetry::Metrics;
use wax_testkit::{Catcher, CatcherTls, MAIL_HOST, START, Trouble, database};
use wax_worker::{MailParts, mail_job};

struct Post {
    store: Arc<dyn Store>,
    folder: TempDir,
    clock: Arc<ManualClock>,
    keys: Arc<MemoryKeyStore>,
    catcher: Catcher,
    metrics: Metrics,
    job: Job,
}

impl Post {
    async fn new() -> Self {
        let (store, folder) = database::sqlite_file().await;
        let clock = Arc::new(ManualClock::at_ms(START.as_ms()));
        let keys = Arc::new(MemoryKeyStore::new(Arc::new(SystemRng)));
        let (catcher, metrics) = (Catcher::start(CatcherTls::Implicit).await, Metrics::default());
        let job = job(&store, &clock, &keys, &catcher, &metrics);
        Self { store, folder, clock, keys, catcher, metrics, job }
    }

    /// Another worker on the same database, as another process would be.
    fn another(&self) -> Job {
        job(&self.store, &self.clock, &self.keys, &self.catcher, &self.metrics)
    }

    fn postbox(&self) -> Postbox {
        postbox(&self.keys, &self.clock)
    }

    fn outbox(&self) -> &dyn Outbox {
        self.store.platform().outbox()
    }

    async fn send(&self, mail: &Mail) -> OutboxMessage {
        let message = self.postbox().seal(mail, None);
        self.outbox().send(&message).await.unwrap();
        message
    }

    async fn run(&self) {
        self.job.run().await.unwrap();
    }

    /// Runs a second later and again, as the worker does, until this much time has passed.
    async fn pass(&self, time: Duration) {
        for _ in 0..time.as_secs() {
            self.clock.advance(Duration::from_secs(1));
            self.run().await;
        }
    }

    fn subjects(&self) -> Vec<String> {
        self.catcher.caught().iter().map(|caught| caught.header("Subject").unwrap()).collect()
    }

    fn counted(&self, kind: &str, outcome: &str) -> u64 {
        let line = format!("waxseal_mails_total{{kind=\"{kind}\",outcome=\"{outcome}\"}} ");
        let text = self.metrics.render();
        let count = text.lines().find_map(|text| text.strip_prefix(&*line));
        count.map_or(0, |count| count.parse().unwrap())
    }
}

fn postbox(keys: &Arc<MemoryKeyStore>, clock: &Arc<ManualClock>) -> Postbox {
    let (keys, clock) = (Arc::clone(keys) as Arc<dyn KeyStore>, Arc::clone(clock));
    Postbox::new(keys, clock, Arc::new(SystemRng))
}

fn job(
    store: &Arc<dyn Store>,
    clock: &Arc<ManualClock>,
    keys: &Arc<MemoryKeyStore>,
    catcher: &Catcher,
    metrics: &Metrics,
) -> Job {
    let smtp = Smtp::new(Server {
        host: MAIL_HOST.into(),
        port: catcher.port(),
        security: Security::Implicit,
        credentials: None,
        authority: Some(catcher.authority().as_bytes().to_vec()),
        hello: "waxseal.example".into(),
        timeout: Duration::from_secs(30),
    });
    mail_job(MailParts {
        store: Arc::clone(store),
        postbox: postbox(keys, clock),
        office: Office {
            address: EmailAddress::parse("no-reply@waxseal.example").unwrap(),
            name: "Waxseal".into(),
            support: String::new(),
            accent: Color([0x8f, 0x1d, 0x2c]),
        },
        transport: Arc::new(smtp.unwrap()),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        rng: Arc::new(SystemRng) as Arc<dyn Rng>,
        metrics: metrics.clone(),
    })
}

fn sample(language: &str, name: &str) -> Mail {
    samples(language).into_iter().find(|mail| mail.kind.name() == name).unwrap()
}

#[tokio::test]
async fn what_was_left_in_a_unit_of_work_arrives_in_its_language_and_is_gone() {
    let post = Post::new().await;
    for (language, subject) in [("en", "Your sign-in link"), ("ja", "=?utf-8?b?")] {
        let message = post.send(&sample(language, "sign-in-link")).await;
        post.run().await;
        let caught = post.catcher.caught().pop().unwrap();
        assert_eq!(caught.to, "hanako.yamada@example.com");
        assert!(
            caught.header("Subject").unwrap().to_lowercase().starts_with(&subject.to_lowercase())
        );
        assert_eq!(
            caught.header("Message-ID").unwrap(),
            format!("<{}@waxseal.example>", message.id)
        );
    }
    post.pass(Duration::from_secs(3)).await;
    assert_eq!(post.catcher.caught().len(), 2);
    assert_eq!(post.counted("sign-in-link", "delivered"), 2);
}

#[expect(clippy::disallowed_methods, reason = "the test made the tenant")]
async fn acme(store: &Arc<dyn Store>) -> (TenantScope, DomainId) {
    let tenant = Tenant {
        id: TenantId::from_bytes([1; 16]),
        slug: "acme".into(),
        name: "Acme, Inc.".into(),
        plan: PlanId::self_hosted(),
        limited: false,
        created_at: START,
        deletion_due_at: None,
    };
    store.platform().ensure_tenant(&tenant).await.unwrap();
    let (id, host) =
        (DomainId::from_bytes([2; 16]), HostPattern::parse("secrets.acme.example").unwrap());
    let domain = Domain::given(id, tenant.id, host, Transport::Loopback, START);
    let new = NewDomain { domain, brand: Brand::plain("Acme, Inc.") };
    assert!(store.platform().ensure_domain(&new).await.unwrap());
    (TenantScope::proven(tenant.id), id)
}

async fn send_within(post: &Post, scope: &TenantScope, mail: &Mail) {
    let message = post.postbox().seal(mail, None);
    let sent = post.store.write(scope, move |uow| {
        let message = message.clone();
        Box::pin(async move { uow.outbox().send(&message).await })
    });
    sent.await.unwrap();
}

#[tokio::test]
async fn a_tenants_mail_has_its_domains_look_and_only_in_its_own_outbox() {
    let post = Post::new().await;
    let (scope, domain) = acme(&post.store).await;
    let mail = Mail { domain: Some(domain), ..sample("en", "invitation") };
    send_within(&post, &scope, &mail).await;
    post.send(&mail).await;
    post.run().await;
    let mut from = post
        .catcher
        .wait_for(2)
        .await
        .iter()
        .map(|caught| caught.header("From").unwrap())
        .collect::<Vec<_>>();
    from.sort();
    assert_eq!(
        from,
        [
            "=?utf-8?b?QWNtZSwgSW5jLg==?= <no-reply@waxseal.example>",
            "Waxseal <no-reply@waxseal.example>"
        ]
    );
}

#[tokio::test]
async fn a_letter_that_is_not_taken_is_tried_again_later_and_later() {
    let post = Post::new().await;
    post.catcher.trouble([
        Trouble::Recipient("450 4.2.0 greylisted"),
        Trouble::Drop,
        Trouble::Letter("451 4.3.0 later"),
    ]);
    post.send(&sample("en", "sign-in-link")).await;
    post.run().await;
    assert_eq!(post.counted("sign-in-link", "deferred"), 1);
    // 5 s, 15 s and 45 s, each at most a quarter longer or shorter.
    post.pass(Duration::from_secs(3)).await;
    assert_eq!(post.counted("sign-in-link", "deferred"), 1);
    post.pass(Duration::from_secs(4)).await;
    assert_eq!(post.counted("sign-in-link", "deferred"), 2);
    post.pass(Duration::from_secs(20)).await;
    assert_eq!(post.counted("sign-in-link", "deferred"), 3);
    assert!(post.catcher.caught().is_empty());
    post.pass(Duration::from_secs(58)).await;
    assert_eq!(post.catcher.caught().len(), 1);
    assert_eq!(post.counted("sign-in-link", "delivered"), 1);
}

#[tokio::test]
async fn a_link_that_has_ended_is_not_mailed_and_not_kept() {
    let post = Post::new().await;
    let until = START.plus(Duration::from_secs(900));
    for trouble in [Some(Trouble::Drop), None] {
        let message = post.postbox().seal(&sample("en", "sign-in-link"), Some(until));
        post.outbox().send(&message).await.unwrap();
        post.catcher.trouble(trouble);
    }
    post.run().await;
    assert_eq!(post.catcher.caught().len(), 1, "the other one waits");
    post.clock.set(until.plus(Duration::from_millis(1)));
    post.run().await;
    assert_eq!(post.catcher.caught().len(), 1);
    assert_eq!(post.counted("sign-in-link", "expired"), 1);
    let later = until.plus(Duration::from_secs(86_400));
    assert_eq!(post.outbox().take(Topic::Mail, later, later, 10).await.unwrap(), []);
}

#[tokio::test]
async fn nothing_is_sent_again_where_there_is_no_mailbox_for_90_days_or_until_it_is_lifted() {
    let post = Post::new().await;
    let (scope, _) = acme(&post.store).await;
    post.catcher.trouble([Trouble::Recipient("550 5.1.1 <hanako.yamada@example.com> unknown")]);
    send_within(&post, &scope, &sample("en", "invitation")).await;
    post.run().await;
    assert_eq!(post.counted("invitation", "bounced"), 1);
    let trail =
        post.store.write(&scope, |uow| Box::pin(async move { uow.audit().list(None, 10).await }));
    let trail = trail.await.unwrap();
    assert_eq!(trail.iter().map(|event| event.action).collect::<Vec<_>>(), [Action::MailBounced]);
    assert!(!format!("{trail:?}").contains("hanako"));

    // Also in other capitals; not to others.
    let to = |text| Mail { to: EmailAddress::parse(text).unwrap(), ..sample("en", "sign-in-link") };
    post.send(&to("Hanako.Yamada@Example.com")).await;
    post.send(&to("taro@example.com")).await;
    post.run().await;
    assert_eq!(post.counted("sign-in-link", "suppressed"), 1);
    assert_eq!(post.catcher.caught().len(), 1);

    let code = *post.postbox().code(&sample("en", "test").to).as_bytes();
    assert!(post.outbox().lift(code, SuppressionReason::Bounced).await.unwrap());
    post.send(&sample("en", "sign-in-link")).await;
    post.run().await;
    assert_eq!(post.catcher.caught().len(), 2);
}

#[tokio::test]
async fn a_letter_refused_for_what_it_is_counts_against_nobody() {
    let post = Post::new().await;
    post.catcher.trouble([Trouble::Letter("554 5.7.1 looks odd")]);
    post.send(&sample("en", "invitation")).await;
    post.run().await;
    assert_eq!(post.counted("invitation", "refused"), 1);
    post.send(&sample("en", "sign-in-link")).await;
    post.run().await;
    assert_eq!(post.catcher.caught().len(), 1);
}

#[tokio::test]
async fn who_unsubscribed_gets_security_mails_and_no_notices() {
    let post = Post::new().await;
    let mail = sample("en", "key-created");
    let link = post.postbox().unsubscribe_link(&mail).unwrap();
    let token = link.expose().rsplit_once('/').unwrap().1;
    let code = *post.postbox().unsubscribed(token).unwrap().as_bytes();
    let reason = SuppressionReason::Unsubscribed;
    let unsubscribed = Suppression { code, reason, since: START, ends_at: None };
    post.outbox().suppress(&unsubscribed).await.unwrap();
    let all = samples("en");
    for mail in &all {
        post.send(mail).await;
    }
    post.run().await;
    let security = all.iter().filter(|mail| mail.kind.class() == MailClass::Security).count();
    assert_eq!(post.catcher.caught().len(), security);
    assert_eq!(post.counted("key-created", "suppressed"), 1);
    assert!(security < all.len());
}

#[tokio::test]
async fn two_workers_deliver_each_letter_once_and_the_oldest_first() {
    let post = Post::new().await;
    let mut sent = Vec::new();
    for _ in 0..40 {
        let message = post.send(&sample("en", "verify-address")).await;
        sent.push(format!("<{}@waxseal.example>", message.id));
        post.clock.advance(Duration::from_millis(1));
    }
    let others = [post.another(), post.another()];
    let runs = others.iter().chain([&post.job]).map(Job::run);
    for run in futures_util::future::join_all(runs).await {
        run.unwrap();
    }
    let caught = post.catcher.caught();
    let arrived = caught.iter().map(|caught| caught.header("Message-ID").unwrap());
    let arrived = arrived.collect::<Vec<_>>();
    let (mut once, mut all) = (arrived.clone(), sent.clone());
    once.sort();
    all.sort();
    assert_eq!(once, all);
    // Twelve are on their way at once, so no letter comes much earlier or later than it was sent.
    for (place, id) in arrived.iter().enumerate() {
        let turn = sent.iter().position(|sent| sent == id).unwrap();
        assert!(place.abs_diff(turn) <= 16, "letter {turn} came as number {place}");
    }
}

/// The mail server has it, and the process died before the message was deleted.
#[tokio::test]
async fn a_letter_that_comes_twice_after_a_crash_bears_the_same_message_id() {
    let post = Post::new().await;
    post.send(&sample("en", "sign-in-link")).await;
    post.catcher.trouble([Trouble::TakenUnanswered]);
    post.run().await;
    // What a dead worker leaves: a message that is still leased.
    let now = post.clock.now().plus(Duration::from_secs(60));
    let lease = now.plus(Duration::from_secs(300));
    assert_eq!(post.outbox().take(Topic::Mail, now, lease, 1).await.unwrap().len(), 1);
    post.pass(Duration::from_secs(359)).await;
    assert_eq!(post.catcher.caught().len(), 1, "another worker may be at it");
    post.pass(Duration::from_secs(1)).await;
    let ids = post
        .catcher
        .caught()
        .iter()
        .map(|caught| caught.header("Message-ID").unwrap())
        .collect::<Vec<_>>();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn what_other_keys_sealed_waits_and_holds_up_nobody() {
    let post = Post::new().await;
    let other = Arc::new(MemoryKeyStore::new(Arc::new(SystemRng)));
    let message = postbox(&other, &post.clock).seal(&sample("en", "test"), None);
    post.outbox().send(&message).await.unwrap();
    post.send(&sample("en", "sign-in-link")).await;
    post.run().await;
    assert_eq!(post.subjects(), ["Your sign-in link"]);
    assert_eq!(post.counted("unknown", "unreadable"), 1);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}

/// How many of the files hold this.
fn holding(folder: &Path, value: &[u8]) -> usize {
    let holds = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(value.len()).any(|window| window == value)
    };
    files(folder).iter().filter(|path| holds(path)).count()
}

#[tokio::test]
async fn no_bearer_value_is_in_the_files_before_delivery_and_nothing_of_it_after() {
    let post = Post::new().await;
    let link =
        Link::parse("https://app.waxseal.example/sign-in/link#THE-BEARER-VALUE-NOBODY-MAY-FIND")
            .unwrap();
    let kind = MailKind::SignInLink { link, device: "d".into(), network: "n".into(), minutes: 15 };
    // Once refused and tried again, so that the row was rewritten.
    post.catcher.trouble([Trouble::Drop]);
    let message = post.send(&Mail { kind, ..sample("en", "test") }).await;
    post.run().await;
    let sealed = &message.payload[40..72];
    let clear: [&[u8]; 2] = [b"THE-BEARER-VALUE", b"hanako.yamada"];
    let folder = post.folder.path();
    assert!(holding(folder, sealed) > 0, "the search does not find what is there");
    for value in clear {
        assert_eq!(holding(folder, value), 0, "in the clear");
    }

    post.pass(Duration::from_secs(7)).await;
    assert!(post.catcher.caught()[0].text.contains("THE-BEARER-VALUE"));
    post.store.platform().checkpoint().await.unwrap();
    for value in [sealed, clear[0], clear[1]] {
        assert_eq!(holding(folder, value), 0, "after delivery");
    }
}
