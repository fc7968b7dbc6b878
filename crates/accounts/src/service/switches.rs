//! What only the operator changes while servers run: who may sign up, and to whom no mail is sent. Whatever process it was
//! changed by, every process asks the database, so that the next request is answered by it.

use wax_kernel::{EmailAddress, EventId, base64url_encode};
use wax_model::{OperatorAction, OperatorEvent, SignUpPolicy};
use wax_store::{StoreError, Suppression, SuppressionReason};

use super::Accounts;

impl Accounts {
    /// Who may sign up: as the operator has switched it, or else as this process is configured.
    pub async fn sign_up_policy(&self) -> Result<SignUpPolicy, StoreError> {
        Ok(self.reads().sign_up().await?.unwrap_or(self.0.settings.sign_up))
    }

    /// Switches it, for every process of this database.
    pub async fn switch_sign_up(&self, to: SignUpPolicy) -> Result<(), StoreError> {
        let event = self.operator_event(OperatorAction::SignUpSwitched, to.as_str().to_owned());
        let work = self.store().write_platform(move |unit| {
            let event = event.clone();
            Box::pin(async move {
                unit.operator().switch_sign_up(to).await?;
                unit.operator().record(&event).await
            })
        });
        work.await
    }

    /// Why nothing, or no notice, is mailed to an address.
    pub async fn mail_stops(&self, to: &EmailAddress) -> Result<Vec<Suppression>, StoreError> {
        self.outbox().suppressions(*self.0.postbox.code(to).as_bytes(), self.now()).await
    }

    /// Has mail sent again to an address that gets none for this reason. `false`: it is not for this reason.
    pub async fn lift_mail_stop(
        &self,
        to: &EmailAddress,
        reason: SuppressionReason,
    ) -> Result<bool, StoreError> {
        let code = *self.0.postbox.code(to).as_bytes();
        let subject = format!("{} {}", reason.as_str(), base64url_encode(code));
        let event = self.operator_event(OperatorAction::MailLifted, subject);
        let work = self.store().write_platform(move |unit| {
            let event = event.clone();
            Box::pin(async move {
                let lifted = unit.operator().lift(code, reason).await?;
                if lifted {
                    unit.operator().record(&event).await?;
                }
                Ok(lifted)
            })
        });
        work.await
    }

    /// What the operator did, newest first, at most `limit`.
    pub async fn operator_events(&self, limit: u32) -> Result<Vec<OperatorEvent>, StoreError> {
        self.store().platform().operator_events(limit).await
    }

    pub(super) fn operator_event(&self, action: OperatorAction, subject: String) -> OperatorEvent {
        OperatorEvent { id: EventId::random(self.rng()), at: self.now(), action, subject }
    }
}
