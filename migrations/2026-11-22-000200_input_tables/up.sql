-- The catalogue as the upstream pipeline writes it. Keys are identifiers: collation "C" makes their order the same on
-- every machine. A value may be longer than an index row, so its MD5 stands for it in keys.

CREATE TABLE raw_products (
    product_key  text COLLATE "C" PRIMARY KEY,
    product_name text,
    code_type    text,
    description  text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE raw_products IS 'Products: key, name and what kind of code the key is.';

CREATE TABLE raw_categories (
    category_key  text COLLATE "C" PRIMARY KEY,
    category_name text,
    system_name   text,
    created_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE raw_categories IS 'Categories of products.';

CREATE TABLE raw_attributes (
    attribute_key text COLLATE "C" PRIMARY KEY,
    system_name   text,
    label         text,
    data_type     text,
    unit          text,
    multi_valued  boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE raw_attributes IS 'Attributes: type, unit and whether a product may have several values.';

CREATE TABLE raw_product_categories (
    product_key  text COLLATE "C" NOT NULL REFERENCES raw_products ON DELETE CASCADE,
    category_key text COLLATE "C" NOT NULL REFERENCES raw_categories ON DELETE CASCADE,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (product_key, category_key)
);
COMMENT ON TABLE raw_product_categories IS 'Which categories a product is in; the smallest key is its first category.';

CREATE TABLE raw_category_attributes (
    category_key  text COLLATE "C" NOT NULL REFERENCES raw_categories ON DELETE CASCADE,
    attribute_key text COLLATE "C" NOT NULL REFERENCES raw_attributes ON DELETE CASCADE,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (category_key, attribute_key)
);
COMMENT ON TABLE raw_category_attributes IS 'Which attributes products of a category should have.';

CREATE TABLE raw_product_attribute_values (
    product_key   text COLLATE "C" NOT NULL REFERENCES raw_products ON DELETE CASCADE,
    attribute_key text COLLATE "C" NOT NULL REFERENCES raw_attributes ON DELETE CASCADE,
    value         text NOT NULL,
    value_md5     uuid NOT NULL GENERATED ALWAYS AS (md5(value)::uuid) STORED,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (product_key, attribute_key, value_md5)
);
COMMENT ON TABLE raw_product_attribute_values IS 'Values that products have; a pair may have several.';

CREATE TABLE raw_product_attribute_gaps (
    product_key   text COLLATE "C" NOT NULL REFERENCES raw_products ON DELETE CASCADE,
    attribute_key text COLLATE "C" NOT NULL REFERENCES raw_attributes ON DELETE CASCADE,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (product_key, attribute_key)
);
COMMENT ON TABLE raw_product_attribute_gaps IS 'Gaps: attributes that products lack a value for.';

CREATE TABLE raw_category_allowable_values (
    category_key  text COLLATE "C" NOT NULL REFERENCES raw_categories ON DELETE CASCADE,
    attribute_key text COLLATE "C" NOT NULL REFERENCES raw_attributes ON DELETE CASCADE,
    value         text NOT NULL,
    value_md5     uuid NOT NULL GENERATED ALWAYS AS (md5(value)::uuid) STORED,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (category_key, attribute_key, value_md5)
);
COMMENT ON TABLE raw_category_allowable_values IS 'Values allowed for an attribute in one category.';

CREATE TABLE raw_attribute_allowable_values_applicable_in_every_category (
    attribute_key text COLLATE "C" NOT NULL REFERENCES raw_attributes ON DELETE CASCADE,
    value         text NOT NULL,
    value_md5     uuid NOT NULL GENERATED ALWAYS AS (md5(value)::uuid) STORED,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (attribute_key, value_md5)
);
COMMENT ON TABLE raw_attribute_allowable_values_applicable_in_every_category IS
    'Values allowed for an attribute in every category.';

CREATE TABLE raw_attribute_allowable_values_in_any_category (
    attribute_key text COLLATE "C" NOT NULL REFERENCES raw_attributes ON DELETE CASCADE,
    value         text NOT NULL,
    value_md5     uuid NOT NULL GENERATED ALWAYS AS (md5(value)::uuid) STORED,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (attribute_key, value_md5)
);
COMMENT ON TABLE raw_attribute_allowable_values_in_any_category IS
    'Values allowed for an attribute in some category.';

CREATE TABLE raw_product_attribute_allowable_values (
    product_key   text COLLATE "C" NOT NULL REFERENCES raw_products ON DELETE CASCADE,
    attribute_key text COLLATE "C" NOT NULL REFERENCES raw_attributes ON DELETE CASCADE,
    value         text NOT NULL,
    value_md5     uuid NOT NULL GENERATED ALWAYS AS (md5(value)::uuid) STORED,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (product_key, attribute_key, value_md5)
);
COMMENT ON TABLE raw_product_attribute_allowable_values IS 'Values allowed for an attribute of one product.';

CREATE TABLE raw_recommendation_rounds (
    round_key    text COLLATE "C" PRIMARY KEY,
    model        text,
    description  text,
    metadata     jsonb NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz
);
COMMENT ON TABLE raw_recommendation_rounds IS 'Rounds: batches of model recommendations.';

CREATE TABLE raw_recommendations (
    product_key   text COLLATE "C" NOT NULL REFERENCES raw_products ON DELETE CASCADE,
    attribute_key text COLLATE "C" NOT NULL REFERENCES raw_attributes ON DELETE CASCADE,
    round_key     text COLLATE "C" NOT NULL REFERENCES raw_recommendation_rounds ON DELETE CASCADE,
    value         text NOT NULL,
    value_md5     uuid NOT NULL GENERATED ALWAYS AS (md5(value)::uuid) STORED,
    confidence    double precision CONSTRAINT raw_recommendations_confidence CHECK (confidence BETWEEN 0 AND 1),
    reasoning     text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (product_key, attribute_key, round_key, value_md5)
);
COMMENT ON TABLE raw_recommendations IS 'Values that a model recommends for gaps.';
COMMENT ON COLUMN raw_recommendations.confidence IS 'The model''s confidence, 0..1.';

CREATE TABLE raw_rich_text_sources (
    product_key text COLLATE "C" NOT NULL REFERENCES raw_products ON DELETE CASCADE,
    source      text COLLATE "C" NOT NULL,
    content     text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (product_key, source)
);
COMMENT ON TABLE raw_rich_text_sources IS 'Texts about products, one a product and source.';

-- Foreign keys that do not lead a primary key.
CREATE INDEX raw_product_categories_category ON raw_product_categories (category_key);
CREATE INDEX raw_category_attributes_attribute ON raw_category_attributes (attribute_key);
CREATE INDEX raw_product_attribute_values_attribute ON raw_product_attribute_values (attribute_key, product_key);
CREATE INDEX raw_product_attribute_gaps_attribute ON raw_product_attribute_gaps (attribute_key);
CREATE INDEX raw_category_allowable_values_attribute ON raw_category_allowable_values (attribute_key);
CREATE INDEX raw_product_attribute_allowable_values_attribute ON raw_product_attribute_allowable_values (attribute_key);
CREATE INDEX raw_recommendations_attribute ON raw_recommendations (attribute_key);
CREATE INDEX raw_recommendations_round ON raw_recommendations (round_key);

-- System names.
CREATE INDEX raw_categories_system_name ON raw_categories (system_name);
CREATE INDEX raw_attributes_system_name ON raw_attributes (system_name);

-- Times.
CREATE INDEX raw_products_created_at ON raw_products (created_at);
CREATE INDEX raw_product_attribute_gaps_created_at ON raw_product_attribute_gaps (created_at);
CREATE INDEX raw_recommendations_created_at ON raw_recommendations (created_at);
CREATE INDEX raw_recommendation_rounds_created_at ON raw_recommendation_rounds (created_at);
CREATE INDEX raw_recommendation_rounds_completed_at ON raw_recommendation_rounds (completed_at);

-- JSONB and fuzzy names.
CREATE INDEX raw_recommendation_rounds_metadata ON raw_recommendation_rounds USING gin (round_key, metadata);
CREATE INDEX raw_products_name_trigram ON raw_products USING gin (product_name gin_trgm_ops);
