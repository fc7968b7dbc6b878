//! One file per command, one for `open --ask`, and what several commands need: who acts, proof, and where to share.

mod acting;
mod ask;
mod burn;
mod completions;
mod domain_settings;
mod domains;
mod forget;
mod give;
mod invitations;
mod keys;
mod login;
mod logout;
mod members;
mod open;
mod organizations;
mod profiles;
mod receipt;
mod receipts;
mod sender;
mod share;
mod step_up;
mod trust;
mod unlock;
mod verify_page;
mod whoami;

use serde::Serialize;
use wax_client_sdk::{Client, DeviceStore, Opener};
use wax_crypto::Origin;
use wax_kernel::{Clock, Rng, SystemClock, SystemRng};
use zeroize::Zeroizing;

use crate::{
    args::{Cli, Command},
    environment::Environment,
    failure::Failure,
    input::Input,
    output::Output,
    settings::Settings,
    words::Words,
};

/// What every command works with.
pub(crate) struct Context<'a> {
    words: Words,
    output: &'a Output,
    settings: Settings,
    clock: &'a dyn Clock,
    rng: &'a dyn Rng,
}

impl Context<'_> {
    fn input(&self) -> Input<'_> {
        Input { words: self.words, output: self.output }
    }

    fn client(&self, origin: &Origin) -> Result<Client, Failure> {
        self.settings.client(origin)
    }

    /// What this machine keeps of secrets.
    fn devices(&self) -> Result<DeviceStore, Failure> {
        let devices = DeviceStore::new(self.settings.state_folder()?);
        devices.sweep(self.clock.now()).map_err(|error| self.failed(&error.into()))?;
        Ok(devices)
    }

    fn opener<'b>(&'b self, client: &'b Client, devices: &'b DeviceStore) -> Opener<'b> {
        Opener { client, devices, clock: self.clock }
    }

    /// Says what the platform refuses.
    fn refused(&self, error: &wax_client_sdk::Error) -> Failure {
        Failure::from_platform(self.words, error)
    }

    /// What `--json` prints: a line.
    fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let json = serde_json::to_string(value).expect("what is printed has text keys");
        self.output.line(&Zeroizing::new(json))
    }

    /// Says what the client library reports.
    fn failed(&self, error: &wax_client_sdk::Error) -> Failure {
        Failure::from_sdk(self.words, error)
    }
}

/// Runs what was typed.
pub(crate) async fn run(
    cli: &Cli,
    environment: &Environment,
    words: Words,
    output: &Output,
) -> Result<(), Failure> {
    let settings = Settings::read(&cli.global, environment, words)?;
    let context = Context { words, output, settings, clock: &SystemClock, rng: &SystemRng };
    match &cli.command {
        Command::Share(args) => share::run(args, &context).await,
        Command::Open(args) => open::run(args, &context).await,
        Command::Receipt(args) => receipt::run(args, &context).await,
        Command::Burn(args) => burn::run(args, &context).await,
        Command::Unlock(args) => unlock::run(args, &context).await,
        Command::Give(args) => give::run(args, &context).await,
        Command::Forget(args) => forget::run(args, &context),
        Command::Trust(args) => trust::run(args, &context).await,
        Command::VerifyPage(args) => verify_page::run(args, &context).await,
        Command::Login(args) => login::run(args, &context).await,
        Command::Logout => logout::run(&context).await,
        Command::Whoami(args) => whoami::run(args, &context).await,
        Command::Profiles(args) => profiles::run(&args.act, &context),
        Command::Organizations(args) => organizations::run(&args.act, &context).await,
        Command::Receipts(args) => receipts::run(args, &context).await,
        Command::Members(args) => members::run(args, &context).await,
        Command::Invitations(args) => invitations::run(args, &context).await,
        Command::Keys(args) => keys::run(args, &context).await,
        Command::Domains(args) => domains::run(args, &context).await,
        Command::Completions(args) => completions::run(args.shell, words, output),
    }
}
