//! What can be typed about accounts, organizations and keys.

use clap::{
    ArgGroup, Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use wax_kernel::EmailAddress;
use wax_model::{Role, Scope, SecretState, UnknownText};

#[derive(Args)]
pub(crate) struct Login {
    #[arg(value_name = "HOST")]
    pub(crate) host: Option<String>,
    #[arg(long)]
    pub(crate) key: bool,
    #[arg(long, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    #[arg(long, value_name = "HOST")]
    pub(crate) domain: Option<String>,
    #[arg(long, value_name = "NAME", conflicts_with = "key")]
    pub(crate) name: Option<String>,
    #[arg(long, conflicts_with = "key")]
    pub(crate) no_browser: bool,
    #[arg(long)]
    pub(crate) json: bool,
}

/// Of what only shows something.
#[derive(Args)]
pub(crate) struct Listing {
    #[arg(long)]
    pub(crate) json: bool,
}

/// Of what is about one thing of several.
#[derive(Args)]
pub(crate) struct Named {
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[arg(long)]
    pub(crate) json: bool,
}

/// Of what takes something away.
#[derive(Args)]
pub(crate) struct Sure {
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Profiles {
    #[command(subcommand)]
    pub(crate) act: ProfilesAct,
}

#[derive(Subcommand)]
pub(crate) enum ProfilesAct {
    List(Listing),
    Default(ProfileArg),
    Remove(ProfileArg),
}

#[derive(Args)]
pub(crate) struct ProfileArg {
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

#[derive(Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Organizations {
    #[command(subcommand)]
    pub(crate) act: OrganizationsAct,
}

#[derive(Subcommand)]
pub(crate) enum OrganizationsAct {
    List(Listing),
    Choose(Choose),
}

#[derive(Args)]
pub(crate) struct Choose {
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[arg(long, value_name = "HOST")]
    pub(crate) domain: Option<String>,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Receipts {
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    #[command(subcommand)]
    pub(crate) act: ReceiptsAct,
}

#[derive(Subcommand)]
pub(crate) enum ReceiptsAct {
    List(ListReceipts),
    Burn(Sure),
}

#[derive(Args)]
pub(crate) struct ListReceipts {
    #[arg(long, value_name = "STATE", value_parser = states())]
    pub(crate) state: Option<SecretState>,
    #[arg(long)]
    pub(crate) mine: bool,
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) limit: u32,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Members {
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    #[command(subcommand)]
    pub(crate) act: MembersAct,
}

#[derive(Subcommand)]
pub(crate) enum MembersAct {
    List(Listing),
    Invite(Invite),
    Role(RoleOf),
    Remove(Sure),
}

#[derive(Args)]
pub(crate) struct Invite {
    #[arg(value_name = "ADDRESS", value_parser = EmailAddress::parse)]
    pub(crate) address: EmailAddress,
    #[arg(long, value_name = "ROLE", value_parser = roles(), default_value = "member")]
    pub(crate) role: Role,
    #[arg(long, value_name = "HOST")]
    pub(crate) domain: Option<String>,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct RoleOf {
    #[arg(value_name = "MEMBER")]
    pub(crate) member: String,
    #[arg(value_name = "ROLE", value_parser = roles())]
    pub(crate) role: Role,
    #[arg(long, value_name = "HOST", conflicts_with = "all_domains")]
    pub(crate) domain: Option<String>,
    #[arg(long)]
    pub(crate) all_domains: bool,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Invitations {
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    #[command(subcommand)]
    pub(crate) act: InvitationsAct,
}

#[derive(Subcommand)]
pub(crate) enum InvitationsAct {
    List(Listing),
    Resend(Named),
    Withdraw(Sure),
}

#[derive(Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Keys {
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    #[command(subcommand)]
    pub(crate) act: KeysAct,
}

#[derive(Subcommand)]
pub(crate) enum KeysAct {
    List(Listing),
    Create(CreateKey),
    Change(ChangeKey),
    Rotate(RotateKey),
    Revoke(Sure),
}

#[derive(Args)]
pub(crate) struct CreateKey {
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scopes(), required = true)]
    pub(crate) scopes: Vec<Scope>,
    #[arg(long, value_name = "WHEN")]
    pub(crate) expires: Option<String>,
    #[arg(long = "network", value_name = "NETWORK")]
    pub(crate) networks: Vec<String>,
    #[arg(long)]
    pub(crate) json: bool,
}

/// Says at least one thing that is to be different.
#[derive(Args)]
#[command(group = ArgGroup::new("different").args(["name", "expires", "networks", "anywhere"]).multiple(true).required(true))]
pub(crate) struct ChangeKey {
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[arg(long, value_name = "WHEN")]
    pub(crate) expires: Option<String>,
    #[arg(long = "network", value_name = "NETWORK", conflicts_with = "anywhere")]
    pub(crate) networks: Vec<String>,
    #[arg(long)]
    pub(crate) anywhere: bool,
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct RotateKey {
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    #[arg(long, value_name = "TIME", default_value = "1h")]
    pub(crate) overlap: String,
    #[arg(long)]
    pub(crate) json: bool,
}

fn roles() -> impl TypedValueParser<Value = Role> {
    one_of(Role::ALL.iter().map(|role| role.as_str()), Role::parse)
}

fn scopes() -> impl TypedValueParser<Value = Scope> {
    one_of(Scope::ALL.iter().map(|scope| scope.as_str()), Scope::parse)
}

fn states() -> impl TypedValueParser<Value = SecretState> {
    one_of(SecretState::ALL.iter().map(|state| state.as_str()), SecretState::parse)
}

/// One of the texts that the API has for something: scripts write the same in every language.
fn one_of<T: Clone + Send + Sync + 'static>(
    texts: impl Iterator<Item = &'static str>,
    parse: fn(&str) -> Result<T, UnknownText>,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(texts).try_map(move |text| parse(&text))
}
