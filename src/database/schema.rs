//! The tables and views as Diesel sees them; checked against a migrated database by `tests/migrations.rs`.

diesel::table! {
    raw_products (product_key) {
        product_key -> Text,
        product_name -> Nullable<Text>,
        code_type -> Nullable<Text>,
        description -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    raw_categories (category_key) {
        category_key -> Text,
        category_name -> Nullable<Text>,
        system_name -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    raw_attributes (attribute_key) {
        attribute_key -> Text,
        system_name -> Nullable<Text>,
        label -> Nullable<Text>,
        data_type -> Nullable<Text>,
        unit -> Nullable<Text>,
        multi_valued -> Bool,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    raw_product_categories (product_key, category_key) {
        product_key -> Text,
        category_key -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    raw_category_attributes (category_key, attribute_key) {
        category_key -> Text,
        attribute_key -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    raw_product_attribute_values (product_key, attribute_key, value_md5) {
        product_key -> Text,
        attribute_key -> Text,
        value -> Text,
        value_md5 -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    raw_product_attribute_gaps (product_key, attribute_key) {
        product_key -> Text,
        attribute_key -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    raw_category_allowable_values (category_key, attribute_key, value_md5) {
        category_key -> Text,
        attribute_key -> Text,
        value -> Text,
        value_md5 -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    #[sql_name = "raw_attribute_allowable_values_applicable_in_every_category"]
    raw_allowable_values_in_every_category (attribute_key, value_md5) {
        attribute_key -> Text,
        value -> Text,
        value_md5 -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    #[sql_name = "raw_attribute_allowable_values_in_any_category"]
    raw_allowable_values_in_any_category (attribute_key, value_md5) {
        attribute_key -> Text,
        value -> Text,
        value_md5 -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    raw_product_attribute_allowable_values (product_key, attribute_key, value_md5) {
        product_key -> Text,
        attribute_key -> Text,
        value -> Text,
        value_md5 -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    raw_recommendation_rounds (round_key) {
        round_key -> Text,
        model -> Nullable<Text>,
        description -> Nullable<Text>,
        metadata -> Jsonb,
        created_at -> Timestamptz,
        completed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    raw_recommendations (product_key, attribute_key, round_key, value_md5) {
        product_key -> Text,
        attribute_key -> Text,
        round_key -> Text,
        value -> Text,
        value_md5 -> Uuid,
        confidence -> Nullable<Double>,
        reasoning -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    raw_rich_text_sources (product_key, source) {
        product_key -> Text,
        source -> Text,
        content -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    prediction_experiments (experiment_key) {
        experiment_key -> Text,
        model -> Nullable<Text>,
        description -> Nullable<Text>,
        parameters -> Jsonb,
        metrics -> Jsonb,
        created_at -> Timestamptz,
        completed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    prediction_results (product_key, attribute_key, experiment_key, value_md5) {
        product_key -> Text,
        attribute_key -> Text,
        experiment_key -> Text,
        value -> Text,
        value_md5 -> Uuid,
        confidence -> Nullable<Double>,
        reasoning -> Nullable<Text>,
        is_correct -> Nullable<Bool>,
        decision_id -> Nullable<Uuid>,
        round_key -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text, Timestamptz, Uuid};
    use crate::database::vector::VectorType;

    product_embeddings (product_key) {
        product_key -> Text,
        embedding -> VectorType,
        description -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        model -> Nullable<Text>,
        dimensions -> Nullable<Integer>,
        content_hash -> Nullable<Uuid>,
    }
}

diesel::table! {
    human_recommendations (product_key, decision_id) {
        product_key -> Text,
        decision_id -> Uuid,
        attribute_key -> Text,
        reviewer -> Text,
        action -> Text,
        value -> Nullable<Text>,
        comment -> Nullable<Text>,
        base_version -> Integer,
        result_version -> Integer,
        undoes -> Nullable<Uuid>,
        shown_value -> Nullable<Text>,
        shown_confidence -> Nullable<Double>,
        shown_experiment -> Nullable<Text>,
        batch_id -> Nullable<Uuid>,
        policy -> Text,
        selection_probability -> Nullable<Double>,
        seconds -> Nullable<Double>,
        kept_on_purpose -> Bool,
        seen -> Jsonb,
        decided_at -> Timestamptz,
        recorded_at -> Timestamptz,
        result_state -> Nullable<Text>,
    }
}

diesel::table! {
    review_queue (product_key, attribute_key) {
        product_key -> Text,
        attribute_key -> Text,
        product_name -> Text,
        sort_name -> Text,
        category_key -> Text,
        best_value -> Nullable<Text>,
        best_confidence -> Nullable<Double>,
        candidate_count -> Integer,
        value_count -> Integer,
        disagreement -> Double,
        uncertainty -> Double,
        state -> Text,
        version -> Integer,
        decision_id -> Nullable<Uuid>,
        decided_by -> Nullable<Text>,
        decided_value -> Nullable<Text>,
        decided_at -> Nullable<Timestamptz>,
        gap_created_at -> Timestamptz,
        updated_at -> Timestamptz,
        first_by -> Nullable<Text>,
        vote -> Nullable<SmallInt>,
    }
}

diesel::table! {
    embedding_stats (embeddings) {
        embeddings -> BigInt,
        oldest -> Nullable<Timestamptz>,
        newest -> Nullable<Timestamptz>,
        last_update -> Nullable<Timestamptz>,
        products_without -> BigInt,
    }
}

diesel::table! {
    review_policy (only_row) {
        only_row -> Bool,
        second_opinions -> Double,
        random_share -> Double,
        blind_share -> Double,
        set_by -> Nullable<Text>,
        set_at -> Timestamptz,
        seeded_share -> Double,
    }
}

diesel::table! {
    view_refreshes (view_name) {
        view_name -> Text,
        refreshed_at -> Timestamptz,
        seconds -> Double,
    }
}

diesel::table! {
    prediction_tallies (experiment_key, tally_id) {
        experiment_key -> Text,
        tally_id -> BigInt,
        day -> Timestamptz,
        predictions -> BigInt,
        gaps -> BigInt,
        with_confidence -> BigInt,
        confidence -> BigInt,
        correct -> BigInt,
        incorrect -> BigInt,
    }
}

diesel::table! {
    list_cuts (attribute_key) {
        attribute_key -> Text,
        decided -> BigInt,
        listed -> BigInt,
        score -> Nullable<Double>,
        measured_at -> Timestamptz,
    }
}

diesel::table! {
    seeded_values (product_key, attribute_key, value_md5) {
        product_key -> Text,
        attribute_key -> Text,
        value -> Text,
        value_md5 -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    seeded_answers (product_key, answer_id) {
        product_key -> Text,
        answer_id -> Uuid,
        attribute_key -> Text,
        reviewer -> Text,
        action -> Text,
        value -> Nullable<Text>,
        shown_value -> Nullable<Text>,
        is_right -> Nullable<Bool>,
        accepted -> Nullable<Bool>,
        seconds -> Nullable<Double>,
        answered_at -> Timestamptz,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    vote_worth (attribute_key) {
        attribute_key -> Text,
        tried -> BigInt,
        voted -> BigInt,
        correct -> BigInt,
        frequent -> BigInt,
        measured_at -> Timestamptz,
    }
}

diesel::table! {
    review_leases (product_key, attribute_key) {
        product_key -> Text,
        attribute_key -> Text,
        token -> Uuid,
        reviewer -> Text,
        claimed_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    product_summary (product_key, attribute_key) {
        product_key -> Text,
        product_name -> Nullable<Text>,
        category_keys -> Array<Text>,
        attribute_key -> Text,
        attribute_label -> Nullable<Text>,
        data_type -> Nullable<Text>,
        unit -> Nullable<Text>,
        known_values -> Array<Text>,
        recommended_values -> Array<Text>,
        recommended_confidence -> Nullable<Double>,
        review_state -> Nullable<Text>,
        decided_value -> Nullable<Text>,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    product_details (product_key) {
        product_key -> Text,
        product_name -> Nullable<Text>,
        code_type -> Nullable<Text>,
        description -> Nullable<Text>,
        descriptions -> Jsonb,
        categories -> Jsonb,
        attributes -> Jsonb,
    }
}

diesel::table! {
    product_gaps (product_key, attribute_key) {
        product_key -> Text,
        product_name -> Nullable<Text>,
        category_key -> Nullable<Text>,
        attribute_key -> Text,
        attribute_label -> Nullable<Text>,
        data_type -> Nullable<Text>,
        unit -> Nullable<Text>,
        allowable_values -> Array<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    category_values (category_key, attribute_key) {
        category_key -> Text,
        attribute_key -> Text,
        known -> BigInt,
        values -> Array<Text>,
        products -> Array<BigInt>,
        sample -> Array<Text>,
    }
}

diesel::table! {
    attribute_value_stats (attribute_key) {
        attribute_key -> Text,
        label -> Nullable<Text>,
        data_type -> Nullable<Text>,
        unit -> Nullable<Text>,
        value_count -> BigInt,
        distinct_values -> BigInt,
        products -> BigInt,
        gaps -> BigInt,
        recommendations -> BigInt,
        average_recommendation_confidence -> Nullable<Double>,
        decisions -> BigInt,
    }
}

diesel::table! {
    experiment_summary (experiment_key) {
        experiment_key -> Text,
        model -> Nullable<Text>,
        description -> Nullable<Text>,
        parameters -> Jsonb,
        metrics -> Jsonb,
        created_at -> Timestamptz,
        completed_at -> Nullable<Timestamptz>,
        predictions -> BigInt,
        gaps -> BigInt,
        average_confidence -> Nullable<Double>,
        correct -> BigInt,
        incorrect -> BigInt,
        accuracy -> Nullable<Double>,
    }
}

diesel::table! {
    metric_trends (experiment_key, day) {
        experiment_key -> Text,
        day -> Timestamptz,
        predictions -> BigInt,
        average_confidence -> Nullable<Double>,
        confidence_change -> Nullable<Double>,
        correct -> BigInt,
        incorrect -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    raw_products,
    raw_categories,
    raw_attributes,
    raw_product_categories,
    raw_category_attributes,
    raw_product_attribute_values,
    raw_product_attribute_gaps,
    raw_category_allowable_values,
    raw_recommendations,
    raw_rich_text_sources,
    prediction_experiments,
    prediction_results,
    product_embeddings,
    human_recommendations,
    review_queue,
    review_leases,
    vote_worth,
    list_cuts,
    seeded_values,
    seeded_answers,
    category_values,
);
