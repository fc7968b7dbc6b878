//! `cargo xtask test`: every test there is, against real parts that it starts and stops.

use anyhow::Result;

use crate::postgres::Postgres;
use crate::results::{self, Results, Tally};
use crate::web::{self, Shape};
use crate::{helm, interop, rust, tls, tools};

/// Runs the tests whose names contain one of the filters, or all of them if there is none.
pub(crate) fn test(filters: &[&str], install: bool) -> Result<Tally> {
    tools::require(&[tools::TO_RUN, tools::TO_TEST], install)?;
    web::build()?;
    rust::build_all()?;
    run_suites(filters)
}

/// Runs the tests of what has been built.
pub(crate) fn run_suites(filters: &[&str]) -> Result<Tally> {
    let mut results = Results::create(&results::path()?)?;
    let postgres = Postgres::start()?;
    let (waxseald, waxseal) = (rust::binary("waxseald")?, rust::binary("waxseal")?);
    let environment_on = |database: String| {
        [
            ("WAXSEAL_TEST_POSTGRES_URL", database),
            ("WAXSEALD", waxseald.display().to_string()),
            ("WAXSEAL", waxseal.display().to_string()),
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
