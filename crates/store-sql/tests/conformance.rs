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
