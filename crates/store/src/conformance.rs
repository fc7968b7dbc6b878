//! The promises every store keeps, as test cases. An adapter expands [`conformance!`](crate::conformance) in a test
//! module with a function that makes an empty, migrated store; each case becomes a test of its own name.
//!
//! ```text
//! async fn make_store() -> (Arc<dyn Store>, TempDir) { … }
//! wax_store::conformance!(make_store);
//! ```

#![expect(clippy::unwrap_used, reason = "these are tests; an error is a failure")]
#![cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "the fixtures are these tests' language")
)]

pub mod accounts;
pub mod billing;
pub mod bound;
pub mod change_log;
pub mod claims;
pub mod copies;
pub mod creation;
pub mod domains;
pub mod endings;
pub mod erasure;
pub mod fixtures;
pub mod handovers;
pub mod isolation;
pub mod keys;
pub mod lists;
pub mod operator;
pub mod organizations;
pub mod outbox;
pub mod people;
pub mod platform;
pub mod sessions;
pub mod table;
pub mod tokens;
pub mod tries;
pub mod units;
pub mod usage;
pub mod windows;

/// Expands every case to a test. `$make_store` is the name of an async function that answers an `Arc<dyn Store>` and
/// something to keep until the case is over.
#[macro_export]
macro_rules! conformance {
    ($make_store:ident) => {
        $crate::conformance_cases! { $make_store;
            isolation:
                another_tenants_things_do_not_exist,
                another_tenants_things_cannot_be_changed,
                two_tenants_may_use_the_same_ids;
            creation:
                a_secret_reads_back_as_written,
                an_id_or_receipt_id_is_taken_once,
                of_racing_creations_of_one_id_one_wins,
                the_largest_and_smallest_numbers_survive,
                ciphertext_of_the_largest_size_survives;
            claims:
                of_8_devices_racing_for_the_last_view_one_gets_it,
                of_64_devices_racing_for_the_last_view_one_gets_it,
                of_64_devices_racing_for_5_views_5_get_one,
                two_tabs_of_one_device_take_one_view,
                a_device_whose_claim_has_ended_takes_no_view,
                a_claim_is_taken_until_one_millisecond_before_expiry,
                a_claim_under_older_rules_is_refused;
            tries:
                wrong_keys_are_held_back_as_the_schedule_says,
                while_held_back_the_right_key_is_refused_and_nothing_is_counted,
                a_secret_locks_at_20_wrong_tries_and_one_more_for_each_view_taken,
                an_unlocked_secret_opens_with_the_right_key,
                racing_wrong_tries_are_each_counted,
                a_lock_keeps_new_devices_out_but_not_one_that_holds_a_claim;
            endings:
                the_last_ack_destroys_everything_that_opens,
                an_ack_with_a_view_left_destroys_nothing,
                an_ack_repeated_is_still_good,
                an_ack_by_another_device_is_refused,
                an_ack_of_a_lapsed_claim_is_refused,
                a_lapsed_last_view_destroys,
                a_window_that_a_heartbeat_moved_does_not_lapse,
                a_burn_ends_every_claim_and_destroys,
                a_secret_expires_at_its_time_and_not_before,
                an_expired_secret_drains_while_a_claim_is_open,
                of_racing_acks_and_burns_one_ends_the_secret,
                a_tombstone_is_forgotten_when_its_time_is_over;
            bound:
                an_ack_binds_and_deletes_what_only_a_claim_needs,
                an_ack_repeated_after_binding_is_still_good,
                a_bound_secret_opens_on_its_device_and_counts,
                only_what_is_bound_is_opened_again,
                an_opening_by_another_device_or_claim_is_refused,
                an_openings_counter_must_rise,
                of_64_openings_with_one_counter_one_is_taken,
                a_bound_secret_opens_until_one_millisecond_before_expiry,
                no_other_device_claims_what_is_bound,
                an_unlock_changes_nothing_of_what_is_bound,
                a_device_bound_secret_that_nobody_confirms_is_destroyed,
                a_confirmation_after_expiry_binds_nothing,
                a_bound_secret_expires_at_its_time_and_not_before,
                a_bound_secret_burns,
                of_racing_openings_and_burns_nothing_opens_after_the_burn,
                of_racing_acks_and_lapses_one_ends_the_claim,
                of_racing_claims_and_burns_no_claim_stays_open;
            handovers:
                an_ask_stands_for_15_minutes,
                an_asks_key_does_not_change_while_it_stands,
                five_asks_stand_at_once_and_no_more,
                only_a_new_device_asks_for_what_is_bound,
                what_is_given_is_bound_to_the_other_device_and_to_no_other,
                given_keys_are_delivered_until_they_are_kept,
                giving_repeated_is_still_good,
                giving_needs_an_ask_and_the_bound_device,
                what_was_given_can_be_given_on,
                of_racing_givings_one_is_taken,
                of_racing_openings_and_givings_nothing_opens_after_the_giving,
                hand_overs_end_with_their_secret,
                unanswered_asks_are_forgotten_at_their_end,
                hand_overs_belong_to_one_tenant;
            copies:
                a_copy_is_kept_with_what_is_bound,
                a_repeated_ack_brings_no_other_copy,
                an_ack_that_binds_nothing_keeps_no_copy,
                a_hand_over_deletes_the_copy,
                a_copy_ends_with_its_secret,
                a_copy_belongs_to_one_tenant;
            table:
                every_event_in_every_state_leads_where_the_table_says;
            windows:
                a_counter_must_rise,
                a_heartbeat_moves_the_window_by_10_minutes_and_24_hours_at_most,
                a_call_after_the_windows_end_is_refused,
                the_first_beat_is_no_outage,
                an_outage_moves_open_windows_but_not_beyond_the_life_of_their_key,
                of_two_reapers_that_return_one_moves_the_windows;
            lists:
                pages_hold_every_secret_once_while_others_are_made,
                secrets_of_one_millisecond_are_neither_skipped_nor_repeated,
                secrets_are_listed_by_state_kind_domain_and_maker,
                what_is_listed_opens_nothing,
                claims_are_listed_oldest_first,
                audit_events_are_listed_oldest_first,
                audit_events_are_forgotten_at_their_age;
            accounts:
                an_account_reads_back_as_written,
                an_address_has_one_account_in_any_writing,
                an_account_does_not_take_anothers_address,
                of_accounts_racing_for_an_address_one_gets_it,
                changes_under_the_accounts_lock_are_not_lost,
                a_recovery_code_is_taken_once,
                a_passkey_belongs_to_one_account,
                passkeys_are_counted_one_unit_after_the_other,
                a_device_is_new_once,
                an_accounts_history_is_listed_newest_first,
                a_deleted_account_leaves_nothing,
                an_organization_and_its_owner_are_made_together,
                a_message_of_no_organization_is_delivered,
                an_accounts_organizations_are_listed_by_name,
                the_trail_names_who_did_it;
            sessions:
                a_session_is_found_by_its_token_until_it_was_idle_too_long,
                use_moves_the_idle_end_but_not_the_end,
                a_session_that_has_ended_stays_ended,
                an_account_ends_its_sessions_and_no_others,
                sessions_are_listed_used_last_first,
                a_step_up_is_of_one_session,
                ended_sessions_are_forgotten;
            tokens:
                a_token_is_taken_once,
                a_token_is_taken_until_its_end_and_for_its_purpose_only,
                a_token_taken_by_a_unit_that_fails_still_stands,
                a_value_stands_once_until_its_end,
                tokens_of_a_subject_are_revoked_together,
                a_payload_changes_while_its_token_stands,
                a_token_that_stands_is_kept_for_longer,
                sign_in_tries_are_held_back_as_the_schedule_says,
                of_racing_sign_in_tries_five_go_on,
                sign_in_tries_are_forgotten,
                what_has_ended_is_forgotten;
            organizations:
                an_organization_reads_back_as_written,
                a_short_name_is_one_organizations,
                members_are_listed_by_when_they_joined,
                a_members_role_and_domain_change,
                nobody_is_confined_to_another_organizations_domain,
                of_two_owners_who_demote_each_other_one_stays,
                an_invitation_stands_until_its_end,
                the_trail_is_filtered_and_listed_newest_first,
                another_organizations_things_are_out_of_reach;
            keys:
                a_key_is_found_by_its_text_until_it_expires,
                a_rotated_key_works_with_both_texts_until_the_overlap_ends,
                a_second_rotation_ends_the_first_ones_overlap,
                an_ended_key_opens_nothing,
                a_keys_name_networks_and_expiry_change,
                listed_keys_open_nothing;
            erasure:
                nothing_is_erased_before_it_is_due,
                an_erasure_begins_with_the_data_keys,
                an_erasure_goes_on_where_it_was_interrupted,
                what_was_written_during_an_erasure_is_swept_up,
                an_erasure_ends_the_links_of_its_invitations,
                an_erasure_spares_messages_of_no_organization;
            domains:
                a_domain_reads_back_as_written,
                several_tenants_claim_one_name,
                a_name_has_one_holder,
                of_claims_racing_to_hold_a_name_one_does,
                a_label_is_given_out_once,
                domains_are_listed_by_name,
                a_domains_history_is_listed_newest_first,
                a_report_replaces_the_one_before,
                a_domains_look_is_replaced,
                a_buried_domain_leaves_nothing,
                what_a_feed_shows_of_a_domain_is_written_once,
                how_far_a_feed_was_read_is_kept,
                a_due_check_is_taken_once,
                a_handshake_hastens_a_waiting_names_check,
                a_name_is_hastened_once_in_a_while,
                live_secrets_of_a_domain_are_counted,
                who_sends_is_told_from_the_rows_of_the_server,
                a_domain_is_proven_since_its_last_proof_without_a_break,
                organizations_without_their_host_are_found_until_they_have_it,
                another_tenants_domains_are_out_of_reach;
            change_log:
                changes_are_numbered_without_gaps_and_none_is_missed,
                changes_are_read_page_by_page,
                what_is_not_held_comes_as_gone,
                routes_are_read_page_by_page,
                who_was_away_too_long_reads_everything_anew,
                an_erased_organizations_domains_come_as_gone,
                the_log_tells_each_domains_last_change,
                a_domain_that_is_given_is_announced_when_it_is_new_or_looks_new,
                who_says_so_is_serving_until_it_is_silent;
            units:
                an_error_leaves_nothing_behind,
                undo_returns_to_the_mark,
                a_second_savepoint_moves_the_mark,
                a_unit_that_hides_a_failed_statement_is_not_committed,
                a_failing_neighbour_hurts_nobody,
                a_panicking_neighbour_hurts_nobody,
                a_unit_whose_caller_has_gone_is_committed,
                what_was_written_is_read_at_once;
            usage:
                a_limit_is_counted_to_and_no_further,
                of_racing_secrets_exactly_the_limit_is_counted,
                of_two_racing_for_the_last_place_one_gets_it,
                a_new_limit_keeps_what_was_counted_and_admits_exactly_the_rest,
                nothing_is_lost_while_shards_are_spread,
                a_unit_that_fails_or_goes_back_counts_nothing,
                secrets_are_counted_by_calendar_month,
                what_there_is_is_counted,
                what_is_beyond_a_limit_is_frozen_by_its_place,
                much_usage_is_noted_and_told_once,
                a_change_of_plan_is_written_and_told_to_edges,
                audit_events_are_forgotten_as_each_plan_says,
                usage_belongs_to_one_tenant;
            outbox:
                a_message_is_delivered_by_one_worker,
                a_lease_that_runs_out_frees_the_message,
                a_message_is_a_tenants_or_the_servers_own,
                a_postponed_message_comes_again_at_its_time,
                who_lost_a_message_changes_it_no_more,
                what_is_given_up_is_gone_and_told,
                an_address_gets_no_mail_until_its_time_is_over_or_it_is_lifted;
            billing:
                an_organization_is_one_customer,
                a_due_customer_is_taken_by_one,
                a_late_writer_writes_nothing,
                what_is_wanted_during_a_question_is_asked_again,
                a_customer_is_taken_out_of_turn_from_nobody,
                an_event_is_kept_once_until_its_time_is_over,
                who_pays_for_another_number_of_members_is_marked_once,
                prices_are_replaced_together,
                a_turn_is_taken_by_one_at_its_time,
                drift_is_replaced_and_only_what_is_new_is_told,
                customers_and_plans_are_compared_with_what_is_known,
                an_erased_customer_is_left_to_be_parted_from;
            operator:
                who_may_sign_up_is_switched_and_stays_so,
                a_switch_is_undone_with_the_unit_that_fails,
                an_operator_lifts_one_reason_of_one_address,
                what_the_operator_did_is_listed_newest_first;
            platform:
                a_store_says_that_it_keeps_what_it_acknowledges,
                a_tenant_is_made_once,
                a_host_belongs_to_one_tenant,
                a_route_shows_the_newest_brand,
                due_secrets_are_found_at_their_time,
                due_windows_are_found_at_their_time,
                a_key_of_an_edge_is_known_from_its_registration_to_a_day_after_its_end,
                of_edges_that_draw_keys_of_tickets_at_once_all_have_the_same,
                a_checkpoint_can_be_made_at_any_time;
        }
    };
}

/// How [`conformance!`](crate::conformance) makes a test of each name.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($make_store:ident; $($theme:ident: $($case:ident),+;)+) => { $(
        mod $theme {
            use super::$make_store;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let (store, _kept) = $make_store().await;
                    $crate::conformance::$theme::$case(store).await;
                }
            )+
        }
    )+ };
}
