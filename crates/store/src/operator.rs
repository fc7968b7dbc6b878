//! What the operator changes while servers run.

use async_trait::async_trait;
use wax_model::{OperatorEvent, SignUpPolicy};

use crate::{StoreError, SuppressionReason};

/// Changes by the operator, each written down in the transaction that makes it.
#[async_trait]
pub trait OperatorRepository: Send {
    /// Switches who may sign up, whatever the configuration of any process says.
    async fn switch_sign_up(&mut self, to: SignUpPolicy) -> Result<(), StoreError>;
    /// Forgets why the address with this code gets no mail. `false`: it was not remembered for this reason.
    async fn lift(&mut self, code: [u8; 32], reason: SuppressionReason)
    -> Result<bool, StoreError>;
    /// Writes down what was done.
    async fn record(&mut self, event: &OperatorEvent) -> Result<(), StoreError>;
}
