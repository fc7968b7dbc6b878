//! What can be killed and paused, and comes back.

use anyhow::Result;
use async_trait::async_trait;

use crate::fleet::Process;

/// Something that can be killed, and comes back.
#[async_trait]
pub trait Victim: Send {
    /// As the screen shows it.
    fn name(&self) -> &str;
    /// Ends it without warning.
    fn kill(&mut self) -> Result<()>;
    /// Starts it again and waits until it answers.
    async fn start(&mut self) -> Result<()>;
    /// Stops it in its tracks; its connections stay.
    fn pause(&self) -> Result<()>;
    /// Lets it go on.
    fn resume(&self) -> Result<()>;
}

/// A server process under a name.
pub struct Named {
    /// As the screen shows it.
    pub name: String,
    /// The process.
    pub process: Process,
}

#[async_trait]
impl Victim for Named {
    fn name(&self) -> &str {
        &self.name
    }

    fn kill(&mut self) -> Result<()> {
        self.process.kill();
        Ok(())
    }

    async fn start(&mut self) -> Result<()> {
        self.process.start().await;
        Ok(())
    }

    fn pause(&self) -> Result<()> {
        self.process.pause();
        Ok(())
    }

    fn resume(&self) -> Result<()> {
        self.process.resume();
        Ok(())
    }
}
