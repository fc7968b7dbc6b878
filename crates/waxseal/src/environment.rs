//! The one place that asks what surrounds this process.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    path::PathBuf,
};

use wax_i18n::Lang;

/// What was typed, and the variables that matter.
pub(crate) struct Environment {
    arguments: Vec<OsString>,
    variable: fn(&str) -> Option<OsString>,
}

impl Environment {
    pub(crate) fn of_this_process() -> Self {
        Self { arguments: env::args_os().collect(), variable: process_variable }
    }

    /// The command line, the program's own name first.
    pub(crate) fn arguments(&self) -> &[OsString] {
        &self.arguments
    }

    /// A variable that is set and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<OsString> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// As text; what is not UTF-8 is as good as unset.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.variable(name)?.into_string().ok()
    }

    /// `--lang`, else the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set (POSIX.1-2017 §8.2).
    pub(crate) fn language(&self) -> Lang {
        let typed = self.arguments.iter().enumerate().find_map(|(at, argument)| {
            let argument = argument.to_str()?;
            match argument.strip_prefix("--lang")? {
                "" => self.arguments.get(at + 1)?.to_str().map(str::to_owned),
                value => value.strip_prefix('=').map(str::to_owned),
            }
        });
        typed
            .or_else(|| {
                ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| self.text(name))
            })
            .and_then(|locale| lang_of_locale(&locale))
            .unwrap_or_default()
    }

    /// A variable that is set, even to nothing.
    pub(crate) fn set(&self, name: &str) -> Option<OsString> {
        (self.variable)(name)
    }

    /// Where settings and profiles are: `$XDG_CONFIG_HOME/waxseal`.
    pub(crate) fn config_folder(&self) -> Option<PathBuf> {
        Some(self.base("XDG_CONFIG_HOME", "APPDATA", ".config")?.join("waxseal"))
    }

    /// What starts a browser, if this machine may have one before its user: its address is the last argument.
    pub(crate) fn browser(&self) -> Option<&'static [&'static str]> {
        if cfg!(windows) {
            return Some(&["rundll32", "url.dll,FileProtocolHandler"]);
        }
        if cfg!(target_os = "macos") {
            return Some(&["open"]);
        }
        let screens = ["DISPLAY", "WAYLAND_DISPLAY"];
        screens.into_iter().find_map(|name| self.variable(name)).map(|_| &["xdg-open"][..])
    }

    /// What people call this machine.
    pub(crate) fn machine(&self) -> String {
        let kernel = || fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let named = self.text("COMPUTERNAME").or_else(kernel).or_else(|| self.text("HOSTNAME"));
        let named = named.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        named.unwrap_or_else(|| env::consts::OS.to_owned())
    }

    /// Where keys of openings under way are kept: `$XDG_STATE_HOME/waxseal`.
    pub(crate) fn state_folder(&self) -> Option<PathBuf> {
        Some(self.base("XDG_STATE_HOME", "LOCALAPPDATA", ".local/state")?.join("waxseal"))
    }

    /// Source: XDG Base Directory Specification 0.8; relative paths in its variables are to be ignored.
    fn base(&self, xdg: &str, windows: &str, below_home: &str) -> Option<PathBuf> {
        let absolute =
            |name: &str| self.variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        absolute(xdg)
            .or_else(|| absolute(windows).filter(|_| cfg!(windows)))
            .or_else(|| env::home_dir().map(|home| home.join(below_home)))
    }

    /// `NO_COLOR` (no-color.org) and terminals that cannot.
    pub(crate) fn allows_colour(&self) -> bool {
        self.variable("NO_COLOR").is_none()
            && self.variable("TERM").as_deref() != Some(OsStr::new("dumb"))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn process_variable(name: &str) -> Option<OsString> {
    env::var_os(name)
}

/// `ja_JP.UTF-8` is Japanese.
fn lang_of_locale(locale: &str) -> Option<Lang> {
    locale.split(['_', '.', '@']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(arguments: &[&str], variable: fn(&str) -> Option<OsString>) -> Lang {
        Environment { arguments: arguments.iter().map(OsString::from).collect(), variable }
            .language()
    }

    #[test]
    fn what_was_typed_comes_before_the_variables() {
        let japanese = |name: &str| (name == "LANG").then(|| OsString::from("ja_JP.UTF-8"));
        assert_eq!(language(&["waxseal"], japanese), Lang::Ja);
        assert_eq!(language(&["waxseal", "open", "--lang", "en"], japanese), Lang::En);
        assert_eq!(language(&["waxseal", "--lang=en"], japanese), Lang::En);
        assert_eq!(language(&["waxseal", "--lang"], japanese), Lang::Ja);
    }

    #[test]
    fn lc_all_comes_before_lang_and_an_unknown_language_is_english() {
        let both = |name: &str| match name {
            "LC_ALL" => Some(OsString::from("C")),
            "LANG" => Some(OsString::from("ja_JP.UTF-8")),
            _ => None,
        };
        assert_eq!(language(&["waxseal"], both), Lang::En);
        assert_eq!(language(&["waxseal"], |_| None), Lang::En);
    }
}
