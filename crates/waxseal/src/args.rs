//! What can be typed. Every explanation stands in the message catalogue, under `cli.help.…` (see `help.rs`).

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod accounts;
mod domains;

pub(crate) use accounts::{
    ChangeKey, Choose, CreateKey, Invitations, InvitationsAct, Invite, Keys, KeysAct, ListReceipts,
    Listing, Login, Members, MembersAct, Named, Organizations, OrganizationsAct, ProfileArg,
    Profiles, ProfilesAct, Receipts, ReceiptsAct, RoleOf, RotateKey, Sure,
};
pub(crate) use domains::{AddDomain, CheckDomain, Domains, DomainsAct, Passphrase, SetDomain};

#[derive(Parser)]
#[command(name = "waxseal", version, disable_help_flag = true, disable_help_subcommand = true)]
#[command(disable_version_flag = true, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args)]
pub(crate) struct Global {
    /// Read before everything else, by `environment.rs`: these explanations are in it, too.
    #[arg(long, global = true, value_name = "LANG")]
    pub(crate) lang: Option<String>,
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Share(Share),
    Open(Open),
    Receipt(Receipt),
    Burn(Burn),
    Unlock(Unlock),
    Give(Give),
    Forget(Forget),
    Trust(Trust),
    VerifyPage(VerifyPage),
    Login(Login),
    Logout,
    Whoami(Listing),
    Profiles(Profiles),
    Organizations(Organizations),
    Receipts(Receipts),
    Members(Members),
    Invitations(Invitations),
    Keys(Keys),
    Domains(Domains),
    Completions(Completions),
}

#[derive(Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the command line"
)]
pub(crate) struct Share {
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[arg(long, value_name = "HOST")]
    pub(crate) to: Option<String>,
    #[arg(long, value_name = "NAME", conflicts_with = "anonymous")]
    pub(crate) organization: Option<String>,
    #[arg(long)]
    pub(crate) anonymous: bool,
    #[arg(long, value_name = "WHEN")]
    pub(crate) expires: Option<String>,
    #[arg(long, value_name = "N")]
    pub(crate) views: Option<u32>,
    #[arg(long, conflicts_with = "views")]
    pub(crate) device_bound: bool,
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "prompt")]
    pub(crate) passphrase: Option<PassphraseFrom>,
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase")]
    pub(crate) passphrase_file: Option<PathBuf>,
    #[arg(long, value_name = "KIND:N", conflicts_with = "file")]
    pub(crate) generate: Option<String>,
    #[arg(long, requires = "generate")]
    pub(crate) show: bool,
    #[arg(long)]
    pub(crate) json: bool,
    #[arg(long, conflicts_with = "json")]
    pub(crate) qr: bool,
    #[arg(long)]
    pub(crate) no_receipt_hint: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PassphraseFrom {
    Prompt,
    Generate,
}

#[derive(Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the command line"
)]
pub(crate) struct Open {
    #[arg(value_name = "LINK", required_unless_present = "resume")]
    pub(crate) link: Option<String>,
    #[arg(long, conflicts_with = "link")]
    pub(crate) resume: bool,
    #[arg(long, conflicts_with = "resume")]
    pub(crate) ask: bool,
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Receipt {
    #[arg(value_name = "RECEIPT", allow_hyphen_values = true)]
    pub(crate) receipt: String,
    #[arg(long)]
    pub(crate) watch: bool,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Burn {
    #[arg(value_name = "RECEIPT", allow_hyphen_values = true)]
    pub(crate) receipt: String,
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Unlock {
    #[arg(value_name = "RECEIPT", allow_hyphen_values = true)]
    pub(crate) receipt: String,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Give {
    #[arg(value_name = "LINK")]
    pub(crate) link: String,
    #[arg(long, value_name = "DIGITS")]
    pub(crate) code: Option<String>,
}

#[derive(Args)]
pub(crate) struct Forget {
    #[arg(value_name = "LINK")]
    pub(crate) link: String,
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Args)]
pub(crate) struct Trust {
    #[arg(value_name = "HOST")]
    pub(crate) host: String,
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
}

#[derive(Args)]
pub(crate) struct VerifyPage {
    #[arg(value_name = "HOST")]
    pub(crate) host: String,
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Completions {
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of 64 ids begins so, and one of 4,096 like a switch.
    #[test]
    fn an_id_may_begin_with_a_hyphen_and_switches_are_still_heard() {
        for id in ["-AbcDefGhiJklMnoPqrStu", "-yXcDefGhiJklMnoPqrStu", "--cDefGhiJklMnoPqrStuv"] {
            for line in [["waxseal", "burn", "--yes", id], ["waxseal", "burn", id, "-y"]] {
                let Command::Burn(burn) = Cli::try_parse_from(line).unwrap().command else {
                    panic!("{line:?} burns")
                };
                assert_eq!((&*burn.receipt, burn.yes), (id, true));
            }
        }
        assert!(Cli::try_parse_from(["waxseal", "receipt", "-AbcDefGhiJklMnoPqrStu"]).is_ok());
    }
}
