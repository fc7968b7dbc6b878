//! Every promise of a store, on every database that we have.

mod sqlite_file {
    use wax_testkit::database::sqlite_file;
    wax_store::conformance!(sqlite_file);
}

mod sqlite_memory {
    use wax_testkit::database::sqlite_memory;
    wax_store::conformance!(sqlite_memory);
}

mod postgres {
    use wax_testkit::database::postgres;
    wax_store::conformance!(postgres);
}

/// The suite can fail: it does, on a store that looks first and writes later.
mod broken {
    use std::{sync::Arc, time::Duration};

    use wax_store::{Store, conformance};
    use wax_testkit::{SelectThenDelete, database};

    fn broken(inner: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(SelectThenDelete::new(inner, Duration::ZERO))
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[should_panic(expected = "devices that were given the content")]
    async fn a_store_that_selects_and_then_deletes_is_caught_in_a_file() {
        let (inner, _kept) = database::sqlite_file().await;
        conformance::claims::of_8_devices_racing_for_the_last_view_one_gets_it(broken(inner)).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[should_panic(expected = "devices that were given the content")]
    async fn a_store_that_selects_and_then_deletes_is_caught_in_memory() {
        let (inner, _kept) = database::sqlite_memory().await;
        conformance::claims::of_8_devices_racing_for_the_last_view_one_gets_it(broken(inner)).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[should_panic(expected = "devices that were given the content")]
    async fn a_store_that_selects_and_then_deletes_is_caught_on_postgres() {
        let (inner, _kept) = database::postgres().await;
        conformance::claims::of_8_devices_racing_for_the_last_view_one_gets_it(broken(inner)).await;
    }

    /// So that it is the race that is caught, and nothing else.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn alone_it_behaves() {
        let (inner, _kept) = database::sqlite_file().await;
        conformance::endings::an_ack_with_a_view_left_destroys_nothing(broken(inner)).await;
    }
}
