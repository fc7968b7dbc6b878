//! What can be typed about an organization's own domains.

use clap::{Args, Subcommand, ValueEnum};

use super::{Listing, Named, Sure};

#[derive(Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Domains {
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    #[command(subcommand)]
    pub(crate) act: DomainsAct,
}

#[derive(Subcommand)]
pub(crate) enum DomainsAct {
    Add(AddDomain),
    List(Listing),
    Status(Named),
    Check(CheckDomain),
    Records(Named),
    Connect(Named),
    Set(SetDomain),
    History(Named),
    Remove(Sure),
}

#[derive(Args)]
pub(crate) struct AddDomain {
    #[arg(value_name = "HOST")]
    pub(crate) host: String,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct CheckDomain {
    #[arg(value_name = "HOST")]
    pub(crate) name: String,
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "15m")]
    pub(crate) wait: Option<String>,
    #[arg(long)]
    pub(crate) json: bool,
}

/// Each is written as the API has it: scripts write the same in every language.
#[derive(Args)]
pub(crate) struct SetDomain {
    #[arg(value_name = "HOST")]
    pub(crate) name: String,
    #[arg(long, value_name = "WHAT", value_parser = ["create", "closed"])]
    pub(crate) home: Option<String>,
    #[arg(long, value_name = "WHO", value_parser = ["everyone", "members"])]
    pub(crate) creators: Option<String>,
    #[arg(long, value_name = "TIME")]
    pub(crate) max_lifetime: Option<String>,
    #[arg(long, value_name = "N")]
    pub(crate) max_views: Option<String>,
    #[arg(long, value_name = "KIND", value_parser = ["one_time", "device_bound", "all"])]
    pub(crate) kinds: Option<String>,
    #[arg(long, value_name = "WHEN")]
    pub(crate) passphrase: Option<Passphrase>,
    #[arg(long, value_name = "TIME")]
    pub(crate) lifetime: Option<String>,
    #[arg(long, value_name = "N")]
    pub(crate) views: Option<String>,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Passphrase {
    Required,
    Optional,
}
