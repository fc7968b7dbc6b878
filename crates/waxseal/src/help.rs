//! Help and complaints about the command line, in the reader's language.
//!
//! `args.rs` says what can be typed; every explanation is a message `cli.help.<command>.<argument>`.

use std::process::ExitCode;

use clap::{
    Arg, ArgAction, Command, CommandFactory as _,
    error::{ContextKind, ContextValue, Error, ErrorKind},
};

use crate::{
    args::Cli,
    failure::{Exit, Failure},
    output::Output,
    terminal::one_line,
    words::Words,
};

/// Arguments of every command stand behind a command's own.
const LAST: usize = 100;

/// The command line with its explanations.
pub(crate) fn command(words: Words) -> Command {
    let help = Arg::new("help").long("help").short('h').action(ArgAction::Help).global(true);
    let version = Arg::new("version").long("version").short('V').action(ArgAction::Version);
    explain(Cli::command().arg(help).arg(version), words, "help")
}

/// A command and the commands below it.
fn explain(command: Command, words: Words, path: &str) -> Command {
    let after = format!("{path}.after");
    let command = if wax_i18n::is_known(&format!("cli.{after}")) {
        command.after_help(words.plain(&after))
    } else {
        command
    };
    command
        .about(words.plain(path))
        .help_template(format!(
            "{{about}}\n\n{} {{usage}}\n\n{{all-args}}{{after-help}}",
            words.plain("heading.usage")
        ))
        .subcommand_help_heading(words.plain("heading.commands"))
        .mut_args(|argument| {
            let positional = argument.is_positional();
            let heading = if positional { "heading.arguments" } else { "heading.options" };
            let key = format!("{path}.{}", argument.get_id());
            let mut argument = argument.help(words.plain(&key)).help_heading(words.plain(heading));
            if argument.is_global_set() {
                argument = argument.display_order(LAST);
            }
            if argument.get_action().takes_values() {
                argument = argument.hide_default_value(true).hide_possible_values(!positional);
            }
            argument
        })
        .mut_subcommands(|command| {
            let path = format!("{path}.{}", command.get_name());
            explain(command, words, &path)
        })
}

/// Prints help, the version or a complaint.
pub(crate) fn report(error: &Error, words: Words, output: &Output) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return if error.print().is_ok() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(Exit::Local.code())
        };
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return ExitCode::from(Exit::Usage.code());
    }
    complaint(error, words).report(words, output)
}

/// The usual mistakes in the reader's language, the rest in clap's words.
fn complaint(error: &Error, words: Words) -> Failure {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => one_line(text).into_owned(),
        Some(ContextValue::Strings(texts)) => one_line(&texts.join(" ")).into_owned(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let argument = context(ContextKind::InvalidArg);
    let value = context(ContextKind::InvalidValue);
    let message = match error.kind() {
        ErrorKind::UnknownArgument => words.say("usage.unknown", &[("argument", &argument)]),
        ErrorKind::InvalidSubcommand => {
            words.say("usage.command", &[("command", &context(ContextKind::InvalidSubcommand))])
        }
        ErrorKind::MissingRequiredArgument => {
            words.say("usage.missing", &[("argument", &argument)])
        }
        ErrorKind::ArgumentConflict => {
            let other = context(ContextKind::PriorArg);
            words.say("usage.conflict", &[("argument", &argument), ("other", &other)])
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            words.say("usage.no-value", &[("argument", &argument)])
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            words.say("usage.value", &[("argument", &argument), ("value", &value)])
        }
        _ => one_line(error.to_string().trim_start_matches("error: ")).into_owned(),
    };
    Failure::usage(message).advise(words.plain("usage.advice"))
}

#[cfg(test)]
mod tests {
    use wax_i18n::Lang;

    use super::*;

    #[test]
    fn every_command_and_argument_is_explained_in_every_language() {
        for lang in Lang::ALL {
            assert_explained(&command(Words::new(lang)));
        }
    }

    fn assert_explained(command: &Command) {
        let texts = command.get_arguments().filter_map(Arg::get_help).chain(command.get_about());
        for text in texts.map(ToString::to_string) {
            assert!(!text.starts_with("cli."), "{text} is missing");
        }
        command.get_subcommands().for_each(assert_explained);
    }

    #[test]
    fn the_command_line_is_consistent() {
        command(Words::new(Lang::En)).debug_assert();
    }

    #[test]
    fn common_mistakes_are_told_in_the_readers_language() {
        let words = Words::new(Lang::Ja);
        for line in [
            "x",
            "share --nope",
            "open",
            "share --views",
            "share --views x",
            "share a --generate b",
            "completions x",
            "members role ann@acme.example boss",
            "members invite nobody",
            "keys create ci",
            "domains set h --home x",
            "keys change ci",
            "login --key --no-browser",
        ] {
            let typed = std::iter::once("waxseal").chain(line.split(' '));
            let error = command(words).try_get_matches_from(typed).unwrap_err();
            let message = format!("{:?}", complaint(&error, words));
            assert!(message.contains('。') && !message.contains("cli."), "{line}: {message}");
        }
    }
}
