//! The repositories' contract: one suite, held against the in-memory fake, a real server, one whose tables pass for
//! distributed, and the embedded database.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

/// Puts pages together: `walked!(after => store.products(None, after.as_ref(), 2))`.
macro_rules! walked {
    ($after:ident => $page:expr) => {{
        let mut rows = Vec::new();
        let mut $after = None;
        loop {
            let page = $page.await.expect("a page");
            rows.extend(page.rows);
            match page.next {
                Some(next) => $after = Some(next),
                None => break rows,
            }
        }
    }};
}

#[path = "contract/activity.rs"]
mod activity;
#[path = "contract/batch.rs"]
mod batch;
#[path = "contract/candidates.rs"]
mod candidates;
#[path = "contract/catalogue.rs"]
mod catalogue;
#[path = "contract/citus.rs"]
mod citus;
#[path = "contract/clusters.rs"]
mod clusters;
#[path = "contract/decisions.rs"]
mod decisions;
#[path = "contract/deletes.rs"]
mod deletes;
#[path = "contract/embeddings.rs"]
mod embeddings;
#[path = "contract/input.rs"]
mod input;
#[path = "contract/insight.rs"]
mod insight;
#[path = "contract/leases.rs"]
mod leases;
#[path = "contract/nearest.rs"]
mod nearest;
#[path = "contract/opinions.rs"]
mod opinions;
#[path = "contract/policy.rs"]
mod policy;
#[path = "contract/predictions.rs"]
mod predictions;
#[path = "contract/queue.rs"]
mod queue;
#[path = "contract/queue_order.rs"]
mod queue_order;
#[path = "contract/recommendations.rs"]
mod recommendations;
#[path = "contract/review_card.rs"]
mod review_card;
#[path = "contract/rules.rs"]
mod rules;
#[path = "contract/seeded.rs"]
mod seeded;
#[path = "contract/undo.rs"]
mod undo;
#[path = "contract/views.rs"]
mod views;
#[path = "contract/votes.rs"]
mod votes;

/// Makes a test of every case for the fake and the server, and one test of all of them for the embedded database.
macro_rules! contract {
    ($($part:ident { $($case:ident,)* })*) => {
        mod memory {
            $(mod $part {$(
                #[tokio::test]
                async fn $case() {
                    crate::$part::$case(&gapdeck::repository::memory::MemoryStore::new()).await;
                }
            )*})*
        }

        mod server {
            $(mod $part {$(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let database = crate::support::server::TestDatabase::migrated().await;
                    let store = crate::support::backend::server_store(&database.url).await;
                    crate::$part::$case(&*store).await;
                }
            )*})*
        }

        mod distributed {
            use crate::citus::Distributed;
            use crate::support::backend;
            use gapdeck::repository::Store;
            use std::sync::Arc;

            /// One database for all cases, emptied before each.
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn every_case_holds_with_statements_that_citus_takes() {
                let mut on = Distributed::new().await;
                let mut broken = Vec::new();
                $($(
                    backend::empty(&on.database).await;
                    on.begin();
                    let store: Arc<dyn Store> = Arc::new(on.database.store());
                    let case = concat!(stringify!($part), "::", stringify!($case));
                    if tokio::spawn(async move { crate::$part::$case(&*store).await }).await.is_err() {
                        broken.push(case);
                    }
                    on.end(case);
                )*)*
                let refused = on.broken();
                assert!(refused.is_empty(), "Citus would refuse {}: {refused:#?}", refused.len());
                assert!(broken.is_empty(), "broken on distributed tables: {broken:#?}");
            }
        }

        #[cfg(feature = "embedded")]
        mod embedded {
            use crate::support::backend;
            use gapdeck::repository::Store;
            use std::sync::Arc;

            /// One data directory for all cases, emptied before each: opening one takes longer than a case.
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn every_case_holds() {
                let directory = tempfile::tempdir().expect("a directory");
                let database = backend::embedded(directory.path()).await;
                let mut broken = Vec::new();
                $($(
                    backend::empty(&database).await;
                    let store: Arc<dyn Store> = Arc::new(database.store());
                    if tokio::spawn(async move { crate::$part::$case(&*store).await }).await.is_err() {
                        broken.push(concat!(stringify!($part), "::", stringify!($case)));
                    }
                )*)*
                assert!(broken.is_empty(), "broken on the embedded database: {broken:#?}");
            }
        }
    };
}

contract! {
    insight {
        judged_predictions_are_added_up_by_confidence,
        judged_predictions_are_told_apart_by_attribute_and_category,
        what_is_not_judged_or_was_undone_says_nothing,
        experiments_are_compared_on_the_gaps_that_both_predicted,
        the_gaps_that_one_experiment_won_come_in_pages,
        timelines_follow_the_decisions_in_force,
        what_was_said_of_gaps_with_two_opinions_comes_gap_by_gap,
        a_sample_ends_at_the_first_gap_that_nobody_decided,
        a_sample_of_everything_has_the_share_of_all,
        anchoring_tells_choices_made_blind_from_those_shown,
        opinions_are_what_two_people_said_of_a_gap,
        days_count_what_people_decided_and_how_long_it_took,
    }
    input {
        a_product_comes_back_as_it_was_saved,
        what_is_not_there_is_none,
        a_row_saved_again_replaces_the_first,
        saving_the_same_batch_twice_changes_nothing,
        of_rows_with_one_key_in_a_batch_the_last_counts,
        an_unknown_key_is_named_and_nothing_is_written,
        a_nul_character_is_refused_and_nothing_is_written,
        values_are_kept_exactly_as_given,
        a_product_card_shows_everything_known_of_the_product,
        a_product_card_names_attributes_by_label_in_the_order_of_their_keys,
        a_long_text_is_cut_and_says_so,
        a_product_card_lists_at_most_two_hundred_gaps,
        facets_come_in_the_order_of_their_names,
        a_deleted_gap_leaves_the_queue_and_its_decisions_stay,
        a_gap_that_comes_back_has_its_state_again,
        deleting_a_gap_that_is_not_there_is_no_error,
    }
    activity {
        decisions_come_newest_first_page_by_page,
        a_listed_decision_shows_what_was_done,
        decisions_are_filtered_by_every_condition_and_by_all_together,
        decisions_on_a_product_that_is_gone_are_still_listed,
    }
    batch {
        decisions_made_together_count_one_by_one,
        of_decisions_made_together_one_that_is_refused_stops_all,
        decisions_sent_together_twice_count_once,
        decisions_made_together_end_the_leases_of_their_gaps,
        a_bulk_action_tells_how_each_of_its_decisions_stands,
        a_bulk_action_is_taken_back_as_one,
        a_bulk_action_of_hundreds_is_written_and_taken_back,
    }
    catalogue {
        products_come_page_by_page_in_the_order_of_their_keys,
        a_list_of_products_cuts_texts_that_another_method_has_in_full,
        categories_and_attributes_are_found_by_key_and_by_system_name,
        mappings_are_read_from_either_side,
        values_come_pair_by_pair_in_the_order_of_their_text,
        gaps_are_read_alone_by_product_and_page_by_page,
        each_list_of_allowed_values_is_read_by_itself,
        a_pairs_allowed_values_are_those_of_the_narrowest_scope,
        texts_are_cut_in_a_list_and_whole_by_themselves,
    }
    deletes {
        a_deleted_product_takes_everything_but_its_decisions_along,
        a_deleted_attribute_takes_its_gaps_and_values_along,
        a_deleted_category_leaves_its_products_in_their_other_categories,
        rows_of_every_kind_are_deleted_by_their_keys_and_nothing_else,
        a_deleted_experiment_or_round_takes_its_candidates_along,
    }
    views {
        details_are_everything_the_catalogue_says_of_a_product,
        a_summary_shows_what_is_known_recommended_and_decided,
        gaps_are_listed_with_the_values_allowed_for_them,
        attributes_are_counted_as_they_are_now,
        a_view_shows_what_was_there_when_it_was_refreshed,
        a_refresh_is_recorded_and_a_young_view_is_left_alone,
    }
    clusters {
        a_group_has_the_gaps_of_one_attribute_category_and_value_by_product,
        a_group_tells_what_was_said_of_its_value,
        gaps_that_are_alike_share_experiment_attribute_and_value_and_lie_near,
        embeddings_of_several_products_come_in_the_order_of_their_keys,
        a_fixed_set_of_gaps_is_listed_counted_and_claimed,
        open_gaps_are_grouped_and_a_group_is_parted_by_closeness,
        random_checks_certify_a_cluster_and_the_rest_is_accepted_and_taken_back_as_one,
    }
    candidates {
        a_category_tells_its_frequent_values_and_a_sample_of_its_numbers,
        lists_of_randomly_drawn_gaps_come_with_what_was_right,
        with_enough_of_them_an_attributes_lists_are_cut,
    }
    votes {
        votes_order_and_narrow_the_queue,
        a_vote_is_forgotten_once_another_value_is_the_best,
        gaps_to_vote_on_are_unsettled_and_have_a_candidate,
        voters_are_the_nearest_with_their_source_values,
        a_card_asks_more_neighbours_than_it_shows,
        the_job_measures_and_marks_and_goes_on_where_it_was,
    }
    embeddings {
        a_short_vector_is_padded_with_zeros,
        an_embedding_saved_again_replaces_the_first,
        of_embeddings_of_one_product_in_a_batch_the_last_counts,
        a_vector_that_cannot_be_stored_is_refused_and_nothing_is_written,
        an_embedding_of_an_unknown_product_is_refused,
        the_nearest_products_come_first_without_the_product_itself,
        a_limit_keeps_the_nearest,
        neighbours_carry_their_values_for_the_attribute_asked_for,
        a_product_without_an_embedding_has_no_neighbours,
        all_neighbours_are_found_in_a_catalogue_loaded_after_the_index_was_made,
        products_without_an_embedding_are_listed_page_by_page,
    }
    nearest {
        a_search_stays_within_a_category,
        a_search_stays_within_the_categories_of_a_product,
        a_search_finds_only_products_with_a_value,
        a_search_may_start_from_a_vector,
        a_narrow_filter_still_finds_as_many_as_asked_for,
        details_tell_the_model_and_the_text_without_the_vector,
        deleted_embeddings_are_gone,
        stats_count_embeddings_by_model,
        texts_to_embed_are_those_missing_or_changed,
        texts_not_by_a_model_are_all_others,
    }
    predictions {
        an_experiment_is_summarised_with_what_it_predicted,
        experiments_come_newest_first,
        an_experiment_saved_again_keeps_its_predictions,
        an_experiment_that_is_not_there_is_made_from_its_key,
        a_prediction_saved_again_is_replaced,
        of_predictions_with_one_key_in_a_batch_the_last_counts,
        an_experiment_may_predict_several_values_for_a_gap,
        a_prediction_for_an_unknown_key_is_refused_and_nothing_is_written,
        a_confidence_outside_its_range_is_refused_and_nothing_is_written,
        a_trend_has_a_row_a_day_the_oldest_first,
        the_trend_of_an_unknown_experiment_is_empty,
        a_prediction_that_nobody_judged_is_neither_right_nor_wrong,
        saving_a_judged_prediction_again_keeps_the_judgement,
        an_experiment_is_read_with_its_parameters_and_metrics,
        an_experiment_saved_again_without_a_time_keeps_its_own,
        one_experiment_is_summarised_as_among_all,
        predictions_of_a_gap_tell_what_decisions_made_of_them,
        a_prediction_saved_again_keeps_its_time_unless_one_is_given,
        predictions_of_an_experiment_come_page_by_page,
        a_gap_with_very_many_candidates_leaves_room_for_the_others,
    }
    recommendations {
        a_recommendation_is_a_candidate_of_its_round,
        a_recommendation_saved_again_is_replaced,
        of_recommendations_with_one_key_in_a_batch_the_last_counts,
        a_round_may_be_saved_before_or_after_its_recommendations,
        a_recommendation_for_an_unknown_key_is_refused_and_nothing_is_written,
        a_recommendation_with_a_confidence_outside_its_range_is_refused,
        a_round_is_read_with_its_metadata,
        recommendations_are_read_by_gap_and_by_round,
    }
    decisions {
        a_decision_on_top_of_one_that_never_came_does_not_overwrite_what_came_instead,
        every_action_brings_the_gap_into_its_state,
        a_decision_is_kept_with_everything_the_reviewer_saw,
        a_decision_sent_twice_counts_once,
        a_decision_sent_again_after_another_one_answers_as_the_first_time,
        a_decision_on_an_older_version_is_a_conflict_and_changes_nothing,
        of_reviewers_who_decide_at_once_exactly_one_wins,
        the_same_decision_sent_at_once_from_several_places_counts_once,
        a_pair_that_is_no_gap_cannot_be_decided,
        a_decision_id_with_another_content_is_refused,
        an_accept_or_override_without_a_value_is_refused,
        a_nul_character_in_a_decision_is_refused,
        accept_and_override_mark_predictions_of_their_value_right_and_others_wrong,
        a_prediction_of_several_values_is_right_when_each_of_them_was_decided,
        reject_and_not_applicable_mark_every_prediction_wrong,
        defer_and_flag_clear_the_marks,
        judgements_reach_the_summary_of_the_experiment,
        a_history_tells_every_decision_the_oldest_first,
        decisions_of_one_reviewer_are_counted_for_today,
    }
    leases {
        claims_follow_the_order_of_the_queue_and_never_meet,
        of_reviewers_who_claim_at_once_nobody_gets_anothers_gap,
        a_claim_goes_on_after_a_place,
        a_claim_takes_only_open_gaps_that_the_filter_lets_through,
        an_expired_lease_can_be_claimed_by_anybody,
        a_renewed_lease_lasts_longer_even_when_it_had_expired,
        a_released_gap_is_free_at_once,
        a_lease_has_to_last,
        a_gap_in_other_hands_is_not_decided_by_the_way,
        a_reviewer_who_knows_may_decide_on_a_gap_in_other_hands,
        a_decision_on_an_expired_lease_counts_while_nobody_has_the_gap,
        a_decision_sent_again_counts_whoever_holds_the_gap_by_then,
        a_gap_changed_meanwhile_is_a_conflict_before_it_is_a_lease,
        the_change_feed_tells_what_was_decided_since,
        a_change_feed_that_is_cut_says_so,
    }
    undo {
        an_undo_opens_the_gap_again,
        an_undo_brings_back_the_decision_before_with_its_marks,
        undo_reaches_back_step_by_step,
        only_the_last_decision_in_force_can_be_undone,
        another_reviewers_decision_cannot_be_undone,
        an_undone_decision_cannot_be_undone_again,
        an_undo_on_an_older_version_is_a_conflict,
        an_undo_sent_twice_counts_once,
        a_decision_can_follow_an_undo,
        the_last_decision_is_the_reviewers_own_newest_in_force,
        a_decision_that_somebody_decided_over_is_not_offered_until_that_one_is_undone,
        a_decision_on_a_deleted_gap_is_not_offered,
        following_the_last_decisions_undoes_back_to_the_beginning,
    }
    queue {
        a_row_shows_what_a_list_needs,
        a_gap_without_candidates_has_no_best_value,
        the_best_candidate_is_the_most_confident,
        disagreement_is_the_share_outside_the_most_frequent_value,
        uncertainty_is_one_minus_the_margin_of_the_best_two_values,
        values_that_differ_in_case_and_spaces_are_one,
        values_that_differ_in_the_case_of_other_letters_are_one,
        the_first_category_is_the_one_with_the_smallest_key,
        long_names_and_values_are_cut,
        a_queue_shows_open_gaps_unless_told_otherwise,
        a_queue_is_filtered_by_state,
        a_queue_is_filtered_by_attribute_category_and_experiment,
        confidence_bounds_are_inclusive_and_leave_gaps_without_candidates_out,
        text_finds_names_in_any_case_and_exact_keys,
        text_is_no_pattern,
        conditions_hold_together,
        a_count_is_exact_up_to_its_cap,
        predictions_for_a_pair_that_is_no_gap_wait_for_the_gap,
    }
    opinions {
        a_first_opinion_settles_nothing_and_shows_nothing,
        two_who_agree_settle_a_gap,
        two_who_differ_leave_a_gap_to_a_third_decision,
        a_reviewer_who_decides_again_replaces_their_own_opinion,
        opinions_are_taken_back_one_by_one,
        a_first_opinion_is_hidden_wherever_another_reviewer_reads,
        what_needs_a_second_opinion_is_listed_and_claimed_without_ones_own,
        disputed_gaps_are_listed_and_claimed,
        a_policy_set_later_changes_no_decided_gap,
        a_gap_that_comes_back_is_where_its_opinions_left_it,
        a_second_reviewer_who_saw_the_gap_open_meets_a_conflict_that_tells_nothing,
        a_first_opinion_sent_again_answers_as_the_first_time,
        opinions_given_together_are_each_the_first_or_the_second,
        a_flag_keeps_the_opinion_under_it_hidden_and_in_force,
        of_a_share_only_the_gaps_that_were_drawn_get_a_second_opinion,
        of_reviewers_who_give_opinions_at_once_two_settle_or_dispute_a_gap,
        an_opinion_is_none_that_can_be_written,
        the_honest_sample_ends_before_a_gap_that_waits_for_an_opinion,
    }
    policy {
        a_policy_holds_until_the_next_is_set,
    }
    seeded {
        a_seeded_gap_is_shown_as_nobody_had_decided_it,
        a_seeded_gap_is_shown_to_each_until_they_answer,
        an_answer_changes_nothing_of_the_gap,
        answers_are_counted_by_what_they_say,
        what_is_seeded_adds_up_and_is_forgotten,
        a_value_for_something_unknown_or_none_is_refused,
    }
    queue_order {
        every_order_puts_the_rows_as_it_says,
        pages_of_every_size_put_together_are_the_whole_queue_in_every_order,
        a_page_that_ends_with_the_queue_has_no_next,
        a_cursor_survives_json,
        a_page_after_a_decision_neither_repeats_nor_skips,
    }
    review_card {
        a_card_shows_the_gap_its_candidates_and_its_product,
        candidates_come_most_confident_first,
        candidates_of_several_gaps_come_in_the_order_of_the_gaps,
        allowed_values_of_the_narrowest_scope_decide,
        at_most_two_thousand_allowed_values_come_and_all_are_counted,
        a_card_of_a_pair_that_is_no_gap_is_none,
        awkward_texts_come_back_untouched,
        a_card_says_how_often_predictions_like_its_own_were_right,
    }
}

/// Returns the methods of every repository, as `src/repository` declares them.
fn methods() -> Vec<String> {
    let sources = std::fs::read_dir("src/repository").expect("the repositories");
    let mut files: Vec<_> =
        sources.map(|entry| entry.expect("a file").path()).filter(|path| path.is_file()).collect();
    files.push("src/repository.rs".into());
    let mut methods = Vec::new();
    for file in files {
        let source = std::fs::read_to_string(file).expect("a source");
        for block in source.split("\nrepository! {\n").skip(1) {
            let declared = block.split("\n}\n").next().expect("a block");
            let named = declared.lines().filter_map(|line| line.trim_start().strip_prefix("async fn "));
            methods.extend(named.filter_map(|rest| rest.split('(').next()).map(ToOwned::to_owned));
        }
    }
    methods
}

#[test]
fn every_method_of_every_repository_is_held_to_the_contract() {
    let mut suite = std::fs::read_to_string("tests/support/fixture.rs").expect("the fixtures");
    for case in std::fs::read_dir("tests/contract").expect("the suite") {
        suite.push_str(&std::fs::read_to_string(case.expect("a file").path()).expect("a source"));
    }
    let methods = methods();
    assert!(methods.len() > 60, "only {} methods found: {methods:?}", methods.len());
    let calls = |method: &String| suite.contains(&format!(".{method}("));
    let forgotten: Vec<_> = methods.iter().filter(|method| !calls(method)).collect();
    assert!(forgotten.is_empty(), "no contract case calls {forgotten:?}");
}
