//! What `waxseald admin` does in the database of a server, which may be running.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use wax_accounts::{Accounts, OperatorLink};
use wax_config::Config;
use wax_crypto::Origin;
use wax_kernel::{Clock, EmailAddress, Rng, SystemClock, SystemRng, Timestamp};
use wax_model::SignUpPolicy;
use wax_store::{Store, Suppression, SuppressionReason};

use crate::assemble;

/// `admin owner create` and `admin account recover`: prints a link that lets somebody in once.
pub(crate) fn operator_link(config: &Config, email: &str, link: OperatorLink) -> Result<()> {
    let origin = config.console_origin().context("there is no console (console.host)")?;
    let origin = Origin::parse(&origin).context("the console's address")?;
    let email = EmailAddress::parse(email).context("the address")?;
    let link = operate(config, async |accounts| {
        Ok(accounts.operator_link(&origin, &email, link).await?)
    })?;
    super::print(&format!("{}\n", link.expose()))
}

/// `admin sign-up`: switches who may sign up, if told to, and says who may.
pub(crate) fn sign_up(config: &Config, policy: Option<&str>) -> Result<()> {
    let to = policy.map(SignUpPolicy::parse).transpose()?;
    let policy = operate(config, async |accounts| {
        if let Some(to) = to {
            accounts.switch_sign_up(to).await?;
        }
        Ok(accounts.sign_up_policy().await?)
    })?;
    super::print(&format!("{}\n", policy.as_str()))
}

/// `admin mail show`: why an address gets no mail. Only its code is stored, so that nobody can be listed.
pub(crate) fn mail_show(config: &Config, address: &str) -> Result<()> {
    let to = EmailAddress::parse(address).context("the address")?;
    let stops = operate(config, async |accounts| Ok(accounts.mail_stops(&to).await?))?;
    if stops.is_empty() {
        return super::print("Every mail is sent there.\n");
    }
    let lines = stops.iter().map(said).collect::<Result<String>>()?;
    super::print(&lines)
}

fn said(stop: &Suppression) -> Result<String> {
    let what = match stop.reason {
        SuppressionReason::Bounced => {
            "bounced: nothing is sent, its mail server had no such mailbox"
        }
        SuppressionReason::Unsubscribed => {
            "unsubscribed: no notices are sent, its owner wants none"
        }
    };
    let until = stop.ends_at.map(moment).transpose()?;
    let until = until.map_or_else(String::new, |until| format!(" until {until}"));
    Ok(format!("{what}; since {}{until}\n", moment(stop.since)?))
}

/// `admin mail lift`: has mail sent again.
pub(crate) fn mail_lift(config: &Config, address: &str, reason: Option<&str>) -> Result<()> {
    let to = EmailAddress::parse(address).context("the address")?;
    let meant = |known: &SuppressionReason| reason.is_none_or(|reason| reason == known.as_str());
    let lifted = operate(config, async |accounts| {
        let mut lifted = Vec::new();
        for reason in SuppressionReason::ALL.into_iter().filter(meant) {
            if accounts.lift_mail_stop(&to, reason).await? {
                lifted.push(reason.as_str());
            }
        }
        Ok(lifted)
    })?;
    match lifted.as_slice() {
        [] => super::print("Nothing was stopped there.\n"),
        lifted => super::print(&format!("Lifted: {}\n", lifted.join(", "))),
    }
}

/// `admin log`: what these commands changed.
pub(crate) fn log(config: &Config, limit: u32) -> Result<()> {
    let events = operate(config, async |accounts| Ok(accounts.operator_events(limit).await?))?;
    let line = |event: &wax_model::OperatorEvent| {
        Ok(format!("{}  {}  {}\n", moment(event.at)?, event.action.as_str(), event.subject))
    };
    super::print(&events.iter().map(line).collect::<Result<String>>()?)
}

/// RFC 3339, in UTC.
pub(super) fn moment(at: Timestamp) -> Result<String> {
    let at = jiff::Timestamp::from_millisecond(at.as_ms()).context("a moment in the database")?;
    Ok(at.to_string())
}

/// Does something with the accounts of the configuration's database.
fn operate<T>(config: &Config, work: impl AsyncFnOnce(&Accounts) -> Result<T>) -> Result<T> {
    ensure!(
        !config.server.ephemeral,
        "an ephemeral server keeps nothing that another process could change (server.ephemeral)"
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = assemble::store(config).await?;
        store.migrate().await.context("the database's schema could not be brought up to date")?;
        let rng: Arc<dyn Rng> = Arc::new(SystemRng);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let keys = assemble::keys(config, &rng)?;
        let seen = Arc::clone(&store) as Arc<dyn Store>;
        let done = work(&assemble::accounts(config, seen, keys, clock, rng)?).await;
        store.close().await;
        done
    })
}
