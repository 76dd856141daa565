//! From products in the making to the records of an import.

use super::DemoCatalogue;
use super::awkward::Awkward;
use super::item::Item;
use super::propose::{Voice, propose};
use super::spec::{Proposer, Scope, Spec, ValueType};
use crate::embed::{HashingEmbedder, product_text};
use crate::transfer::record::{
    AttributeAllowableValueRecord, AttributeRecord, CategoryAllowableValueRecord, CategoryAttributeRecord,
    CategoryRecord, EmbeddingRecord, ExperimentRecord, GapRecord, PredictionRecord,
    ProductAllowableValueRecord, ProductCategoryRecord, ProductRecord, RecommendationRecord, RichTextRecord,
    RoundRecord, ValueRecord,
};

/// Writes everything down.
pub(super) fn catalogue(spec: &Spec, seed: u64, items: &[Item]) -> DemoCatalogue {
    let mut catalogue = DemoCatalogue { embeddings: embeddings(items), ..DemoCatalogue::default() };
    vocabulary(spec, &mut catalogue);
    for item in items {
        product(spec, item, &mut catalogue);
        proposals(spec, seed, item, &mut catalogue);
    }
    catalogue
}

/// Adds categories, attributes, allowed values, experiments and the round.
fn vocabulary(spec: &Spec, catalogue: &mut DemoCatalogue) {
    for attribute in &spec.attributes {
        let data_type = match attribute.value_type {
            ValueType::Text => "text",
            ValueType::Number => "number",
            ValueType::Boolean => "boolean",
            ValueType::Choice => "choice",
        };
        catalogue.batch.attributes.push(AttributeRecord {
            attribute_key: attribute.key.clone(),
            system_name: Some(attribute.key.clone()),
            label: Some(attribute.label.clone()),
            data_type: Some(data_type.to_owned()),
            unit: attribute.unit.clone(),
            multi_valued: attribute.several,
        });
        let list = match attribute.scope {
            Some(Scope::EveryCategory) => &mut catalogue.batch.allowable_values_in_every_category,
            Some(Scope::AnyCategory) => &mut catalogue.batch.allowable_values_in_any_category,
            _ => continue,
        };
        list.extend(attribute.values.iter().map(|value| AttributeAllowableValueRecord {
            attribute_key: attribute.key.clone(),
            value: value.clone(),
        }));
    }
    for category in &spec.categories {
        catalogue.batch.categories.push(CategoryRecord {
            category_key: category.key.clone(),
            category_name: Some(category.name.clone()),
            system_name: Some(category.key.clone()),
        });
        for attribute in &spec.attributes {
            let Some(values) = category.has.get(&attribute.key).map(|has| &has.values[..]).or_else(|| {
                // Every product has a brand; it is not a choice.
                (attribute.key == "brand").then_some(&[])
            }) else {
                continue;
            };
            let (category_key, attribute_key) = (category.key.clone(), attribute.key.clone());
            if attribute.scope == Some(Scope::Category) {
                catalogue.batch.category_allowable_values.extend(values.iter().map(|value| {
                    CategoryAllowableValueRecord {
                        category_key: category_key.clone(),
                        attribute_key: attribute_key.clone(),
                        value: value.clone(),
                    }
                }));
            }
            catalogue.batch.category_attributes.push(CategoryAttributeRecord { category_key, attribute_key });
        }
    }
    catalogue.experiments = spec.proposers.experiment.iter().map(experiment).collect();
    let round = &spec.proposers.round;
    catalogue.rounds.push(RoundRecord {
        round: round.name.clone(),
        model: Some(round.model.clone()),
        description: Some(round.description.clone()),
        metadata: Some(round.parameters.clone()),
        created_at: Some(round.created_at),
        completed_at: Some(round.completed_at),
    });
}

fn experiment(proposer: &Proposer) -> ExperimentRecord {
    ExperimentRecord {
        experiment: proposer.name.clone(),
        model: Some(proposer.model.clone()),
        description: Some(proposer.description.clone()),
        parameters: Some(proposer.parameters.clone()),
        metrics: proposer.metrics.clone(),
        created_at: Some(proposer.created_at),
        completed_at: Some(proposer.completed_at),
    }
}

/// Adds a product with its texts, values, gaps and their truth.
fn product(spec: &Spec, item: &Item, catalogue: &mut DemoCatalogue) {
    let product_key = || item.key.clone();
    catalogue.batch.products.push(ProductRecord {
        product_key: product_key(),
        product_name: item.name.clone(),
        code_type: Some(item.code_type.to_owned()),
        description: item.description.clone(),
    });
    if item.awkward != Some(Awkward::EverythingMissing) {
        let category_key = spec.categories[item.category].key.clone();
        catalogue
            .batch
            .product_categories
            .push(ProductCategoryRecord { product_key: product_key(), category_key });
    }
    catalogue.batch.rich_texts.extend(item.texts.iter().map(|(source, content)| RichTextRecord {
        product_key: product_key(),
        source: source.name().to_owned(),
        content: content.clone(),
    }));
    for fact in &item.facts {
        let attribute_key = || spec.attributes[fact.attribute].key.clone();
        let record = |value: &String| ValueRecord {
            product_key: product_key(),
            attribute_key: attribute_key(),
            value: value.clone(),
        };
        if fact.gap {
            catalogue
                .batch
                .gaps
                .push(GapRecord { product_key: product_key(), attribute_key: attribute_key() });
            catalogue.truth.extend(fact.truth.iter().map(record));
        } else {
            catalogue.batch.values.extend(fact.truth.iter().map(record));
        }
        catalogue.batch.product_allowable_values.extend(fact.allowed.iter().map(|value| {
            ProductAllowableValueRecord {
                product_key: product_key(),
                attribute_key: attribute_key(),
                value: value.clone(),
            }
        }));
    }
}

/// Adds what the experiments and the round propose for the product's gaps.
fn proposals(spec: &Spec, seed: u64, item: &Item, catalogue: &mut DemoCatalogue) {
    let (experiments, round) = (&spec.proposers.experiment, &spec.proposers.round);
    for fact in item.facts.iter().filter(|fact| fact.gap) {
        let attribute_key = &spec.attributes[fact.attribute].key;
        for (number, proposer) in (0..).zip(experiments) {
            let voice = Voice { proposer, number, reads: true };
            catalogue.predictions.extend(propose(spec, seed, voice, item, fact).map(|proposal| {
                PredictionRecord {
                    experiment: proposer.name.clone(),
                    product_key: item.key.clone(),
                    attribute_key: attribute_key.clone(),
                    value: proposal.value,
                    confidence: Some(proposal.confidence),
                    reasoning: Some(proposal.reasoning),
                    created_at: Some(proposal.created_at),
                }
            }));
        }
        let voice = Voice { proposer: round, number: 1_000, reads: false };
        catalogue.recommendations.extend(propose(spec, seed, voice, item, fact).map(|proposal| {
            RecommendationRecord {
                round: round.name.clone(),
                product_key: item.key.clone(),
                attribute_key: attribute_key.clone(),
                value: proposal.value,
                confidence: Some(proposal.confidence),
                reasoning: Some(proposal.reasoning),
                created_at: Some(proposal.created_at),
            }
        }));
    }
}

/// Embeds every product that has a text, on all processors.
fn embeddings(items: &[Item]) -> Vec<EmbeddingRecord> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(threads).max(1);
    let embed = |items: &[Item]| items.iter().filter_map(embedding).collect::<Vec<_>>();
    std::thread::scope(|scope| {
        let parts: Vec<_> =
            items.chunks(share).map(|part| (part, scope.spawn(move || embed(part)))).collect();
        // A thread that broke off is done again here, where its panic belongs.
        parts.into_iter().flat_map(|(part, thread)| thread.join().unwrap_or_else(|_| embed(part))).collect()
    })
}

fn embedding(item: &Item) -> Option<EmbeddingRecord> {
    let texts: Vec<&str> = item.texts.iter().map(|(_, text)| text.as_str()).collect();
    let description = product_text(item.name.as_deref(), &texts);
    let vector = HashingEmbedder.embed(&description)?;
    let model = Some(HashingEmbedder::MODEL.to_owned());
    let product_key = item.key.clone();
    Some(EmbeddingRecord { product_key, vector, description: Some(description), model, ..Default::default() })
}
