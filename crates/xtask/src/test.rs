//! `cargo xtask test`: every test there is, against real parts that it starts and stops.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::postgres::Postgres;
use crate::results::{self, Results, Tally};
use crate::web::{self, Shape};
use crate::{helm, interop, process, python, rust, tls, tools};

/// How much the largest tests do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// What two processors do in a minute or so.
    Ci,
    /// What the figures are promised for, and their assertion: on a machine that does nothing else.
    Full,
}

impl Scale {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        match text {
            "ci" => Ok(Self::Ci),
            "full" => Ok(Self::Full),
            _ => bail!("--scale is ci or full, not {text:?}"),
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Ci => "ci",
            Self::Full => "full",
        }
    }

    /// The server, built for it.
    fn server(self) -> Result<PathBuf> {
        if self == Self::Ci {
            return rust::binary("waxseald");
        }
        process::run(&mut rust::cargo(&["build", "--release", "--package", "waxseald"]))?;
        Ok(rust::target_directory()?.join("release/waxseald"))
    }
}

/// Runs the tests whose names contain one of the filters, or all of them if there is none.
pub(crate) fn test(scale: Scale, filters: &[&str], install: bool) -> Result<Tally> {
    tools::require(&[tools::TO_RUN, tools::TO_TEST], install)?;
    web::build()?;
    rust::build_all()?;
    run_suites(scale, filters)
}

/// The Python that has a Stripe of other people's making. Where it cannot be installed the test that needs it fails, and no
/// other.
fn localstripe() -> PathBuf {
    let requirements = "tests/interop/localstripe.txt";
    let built = python::built(requirements, "tests/interop/localstripe-source.txt", "localstripe");
    built.unwrap_or_else(|error| {
        eprintln!("{error:#}");
        PathBuf::from("localstripe cannot be installed")
    })
}

/// Runs the tests of what has been built.
pub(crate) fn run_suites(scale: Scale, filters: &[&str]) -> Result<Tally> {
    let mut results = Results::create(&results::path()?)?;
    let postgres = Postgres::start()?;
    let (waxseald, waxseal) = (scale.server()?, rust::binary("waxseal")?);
    let localstripe = localstripe();
    let environment_on = |database: String| {
        [
            ("WAXSEAL_TEST_POSTGRES_URL", database),
            ("WAXSEALD", waxseald.display().to_string()),
            ("WAXSEAL", waxseal.display().to_string()),
            ("WAXSEAL_TEST_SCALE", scale.as_str().to_owned()),
            ("WAXSEAL_LOCALSTRIPE", localstripe.display().to_string()),
        ]
    };
    let environment = environment_on(postgres.url());
    rust::test(filters, &environment, &mut results)?;
    web::test(filters, &mut results)?;
    web::browser_test(Shape::One, filters, &environment, &mut results)?;
    let of_fleet = environment_on(postgres.create_database("browser_fleet")?);
    web::browser_test(Shape::Fleet, filters, &of_fleet, &mut results)?;
    if filters.is_empty() {
        rust::doc_test(&environment, &mut results)?;
        helm::test(&mut results)?;
        interop::test(&mut results)?;
        tls::test(&waxseald, &mut results)?;
    }
    println!("{}", results.report());
    Ok(results.tally())
}
