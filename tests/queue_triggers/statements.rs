//! Random statements, as other programs write them.

/// Numbers that look random and are the same in every run (xorshift64*, Vigna 2016).
pub struct Random(u64);

impl Random {
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).expect("31 bits") % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn product(&mut self) -> &'static str {
        self.pick(&["p0", "p1", "p2", "p3", "P4"])
    }

    fn attribute(&mut self) -> &'static str {
        self.pick(&["a0", "a1", "a2"])
    }

    fn category(&mut self) -> &'static str {
        self.pick(&["c0", "c1", "C2"])
    }

    fn experiment(&mut self) -> &'static str {
        self.pick(&["e0", "e1", "e2"])
    }

    fn round(&mut self) -> &'static str {
        self.pick(&["r0", "e1"])
    }

    fn value(&mut self) -> &'static str {
        self.pick(&["Red", "red", " RED ", "dark  red", "Dark Red", "Blue", "0", "-1", "None", ""])
    }

    fn confidence(&mut self) -> &'static str {
        self.pick(&["NULL", "0", "0.25", "0.5", "0.5", "0.75", "1"])
    }

    fn name(&mut self) -> &'static str {
        self.pick(&["NULL", "''", "'Lamp'", "'lamp'", "'Lamp 2'"])
    }
}

/// Makes sure that everything a statement may refer to is there.
const SUPPLY: &str = "
    INSERT INTO raw_products (product_key) VALUES ('p0'), ('p1'), ('p2'), ('p3'), ('P4') ON CONFLICT DO NOTHING;
    INSERT INTO raw_attributes (attribute_key) VALUES ('a0'), ('a1'), ('a2') ON CONFLICT DO NOTHING;
    INSERT INTO raw_categories (category_key) VALUES ('c0'), ('c1'), ('C2') ON CONFLICT DO NOTHING;
    INSERT INTO prediction_experiments (experiment_key) VALUES ('e0'), ('e1'), ('e2') ON CONFLICT DO NOTHING;
    INSERT INTO raw_recommendation_rounds (round_key) VALUES ('r0'), ('e1') ON CONFLICT DO NOTHING;";

/// Returns the next statement, behind what it needs.
pub fn next(random: &mut Random) -> String {
    let statement = match random.below(10) {
        0 | 1 => of_gaps(random),
        2..5 => of_predictions(random),
        5 => of_recommendations(random),
        6 => of_products(random),
        7 => of_categories(random),
        8 => format!("{}; {}", of_predictions(random), of_gaps(random)),
        _ => removal(random),
    };
    format!("{SUPPLY}\n{statement}")
}

fn of_gaps(random: &mut Random) -> String {
    let (product, attribute) = (random.product(), random.attribute());
    match random.below(6) {
        0 => format!(
            "INSERT INTO raw_product_attribute_gaps (product_key, attribute_key)
                 SELECT product_key, '{attribute}' FROM raw_products ON CONFLICT DO NOTHING"
        ),
        1 => format!("DELETE FROM raw_product_attribute_gaps WHERE product_key = '{product}'"),
        2 => format!(
            "UPDATE raw_product_attribute_gaps SET product_key = '{product}' WHERE attribute_key = '{attribute}'"
        ),
        3 => format!(
            "UPDATE raw_product_attribute_gaps SET created_at = '2026-01-0{}' WHERE product_key = '{product}'",
            1 + random.below(9)
        ),
        _ => format!(
            "INSERT INTO raw_product_attribute_gaps (product_key, attribute_key)
                 VALUES ('{product}', '{attribute}'), ('{}', '{}') ON CONFLICT DO NOTHING",
            random.product(),
            random.attribute()
        ),
    }
}

fn of_predictions(random: &mut Random) -> String {
    let (product, attribute, experiment) = (random.product(), random.attribute(), random.experiment());
    let (value, confidence) = (random.value(), random.confidence());
    match random.below(8) {
        0 => format!("DELETE FROM prediction_results WHERE product_key = '{product}' AND value = '{value}'"),
        1 => format!(
            "UPDATE prediction_results SET confidence = {confidence} WHERE attribute_key = '{attribute}'"
        ),
        2 => format!("UPDATE prediction_results SET value = '{value}' WHERE experiment_key = '{experiment}'"),
        3 => format!(
            "UPDATE prediction_results SET product_key = '{product}' WHERE experiment_key = '{experiment}'"
        ),
        _ => format!(
            "INSERT INTO prediction_results (product_key, attribute_key, experiment_key, value, confidence)
                 SELECT product_key, '{attribute}', '{experiment}', '{value}', {confidence} FROM raw_products
                  WHERE product_key <= '{product}'
                 ON CONFLICT (product_key, attribute_key, experiment_key, value_md5)
                 DO UPDATE SET confidence = excluded.confidence"
        ),
    }
}

fn of_recommendations(random: &mut Random) -> String {
    let (product, attribute, round) = (random.product(), random.attribute(), random.round());
    let (value, confidence) = (random.value(), random.confidence());
    match random.below(4) {
        0 => format!("DELETE FROM raw_recommendations WHERE attribute_key = '{attribute}'"),
        1 => format!("UPDATE raw_recommendations SET value = '{value}', confidence = {confidence}
                       WHERE product_key = '{product}'"),
        _ => format!(
            "INSERT INTO raw_recommendations (product_key, attribute_key, round_key, value, confidence)
                 VALUES ('{product}', '{attribute}', '{round}', '{value}', {confidence}) ON CONFLICT DO NOTHING"
        ),
    }
}

fn of_products(random: &mut Random) -> String {
    let (product, name) = (random.product(), random.name());
    match random.below(3) {
        0 => format!("UPDATE raw_products SET product_name = {name}"),
        1 => format!("DELETE FROM raw_products WHERE product_key = '{product}'"),
        _ => format!("UPDATE raw_products SET product_name = {name} WHERE product_key = '{product}'"),
    }
}

fn of_categories(random: &mut Random) -> String {
    let (product, category) = (random.product(), random.category());
    match random.below(5) {
        0 => format!("DELETE FROM raw_product_categories WHERE product_key = '{product}'"),
        1 => format!(
            "UPDATE raw_product_categories SET category_key = '{category}' WHERE product_key = '{product}'"
        ),
        2 => format!("DELETE FROM raw_categories WHERE category_key = '{category}'"),
        _ => format!(
            "INSERT INTO raw_product_categories (product_key, category_key)
                 SELECT product_key, '{category}' FROM raw_products WHERE product_key >= '{product}'
                 ON CONFLICT DO NOTHING"
        ),
    }
}

fn removal(random: &mut Random) -> String {
    match random.below(8) {
        0 => "TRUNCATE prediction_results".into(),
        1 => "TRUNCATE raw_recommendations".into(),
        2 => "TRUNCATE raw_product_categories".into(),
        3 => "TRUNCATE raw_product_attribute_gaps".into(),
        4 => format!("DELETE FROM prediction_experiments WHERE experiment_key = '{}'", random.experiment()),
        5 => format!("DELETE FROM raw_recommendation_rounds WHERE round_key = '{}'", random.round()),
        6 => format!("DELETE FROM raw_attributes WHERE attribute_key = '{}'", random.attribute()),
        _ => format!("BEGIN; {}; {}; ROLLBACK", of_gaps_safely(random), of_products(random)),
    }
}

/// Returns a statement on gaps that cannot fail.
fn of_gaps_safely(random: &mut Random) -> String {
    format!("DELETE FROM raw_product_attribute_gaps WHERE attribute_key = '{}'", random.attribute())
}
