//! The one table of actions: keymap, help, hint line and command palette are made from it.

use super::checks;
use super::keymap::Key;
use super::state::State;
use crate::domain::QueueSort;
use crossterm::event::KeyCode;
use std::borrow::Cow;

/// What the user can make the application do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionId {
    Down,
    Up,
    PageDown,
    PageUp,
    Top,
    Bottom,
    Open,
    Back,
    SwitchPanel,
    NextChoice,
    PreviousChoice,
    Accept,
    /// Accepts the candidate of that number, 1-9.
    Choose(u8),
    Override,
    Reject,
    NotApplicable,
    Defer,
    Flag,
    Undo,
    Retry,
    Outbox,
    Flow,
    Filter,
    ClearFilter,
    /// Goes on to the gaps that wait for an opinion.
    Opinions,
    CycleSort,
    PickSort,
    Sort(QueueSort),
    Reasoning,
    Walk,
    Product,
    Texts,
    Queue,
    Experiments,
    Insights,
    /// Marks an experiment, to be compared with another.
    MarkExperiment,
    /// Compares the marked experiment with the one under the cursor.
    CompareMarked,
    /// Goes from the gaps that the one won to those that the other won.
    TurnComparison,
    /// Tells the groups of the insights screen apart by the next thing.
    TurnInsights,
    /// Accepts unseen what the certified threshold of a group covers.
    AcceptUnseen,
    /// Goes from a group of the insights screen to its gaps.
    ShowGroup,
    /// Shows groups of alike gaps.
    Clusters,
    /// Goes on to the next cluster of a group.
    TurnCluster,
    /// Lists the members of a cluster that are to be checked at random.
    CheckRandom,
    /// Lists the members of a cluster that are least like the others.
    CheckOutliers,
    /// Accepts the rest of a cluster.
    AcceptRest,
    /// Lists the gaps that are like the one just decided.
    Alike,
    /// Adds the row under the cursor to those decided together, or takes it out.
    Select,
    /// Adds every row from the last one to the cursor.
    SelectRange,
    Activity,
    /// Takes the decision under the cursor of the activity screen back.
    TakeBack,
    /// Goes from a decision to its gap.
    GoToGap,
    FilterActivity,
    Mine,
    TimeSpan,
    ThisBatch,
    ClearActivity,
    Refresh,
    Copy,
    SaveView,
    Views,
    JumpBack,
    JumpForward,
    Narrower,
    Wider,
    Mouse,
    Log,
    Help,
    Palette,
    Tour,
    Quit,
    Suspend,
}

/// Where the keyboard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// The database is being opened.
    Opening,
    /// The list of gaps.
    Queue,
    /// The card beside it.
    Card,
    Experiments,
    /// How good predictions are, and how the work goes on.
    Insights,
    /// Groups of alike gaps.
    Clusters,
    /// Two experiments on the same gaps.
    Comparison,
    Product,
    /// A walk from neighbour to neighbour.
    Walk,
    /// A product's texts in full.
    Texts,
    /// Who decided what.
    Activity,
}

impl Context {
    /// Every context, in order.
    pub const ALL: [Self; 11] = [
        Self::Opening,
        Self::Queue,
        Self::Card,
        Self::Experiments,
        Self::Insights,
        Self::Clusters,
        Self::Comparison,
        Self::Product,
        Self::Walk,
        Self::Texts,
        Self::Activity,
    ];

    /// Returns the context's name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Queue => "queue",
            Self::Card => "card",
            Self::Experiments => "experiments",
            Self::Insights => "insights",
            Self::Clusters => "clusters",
            Self::Comparison => "comparison",
            Self::Product => "product",
            Self::Walk => "neighbours",
            Self::Texts => "texts",
            Self::Activity => "activity",
        }
    }

    /// Returns the heading of the context in the help.
    pub fn label(self) -> &'static str {
        match self {
            Self::Opening => "Opening",
            Self::Queue => "Queue",
            Self::Card => "Card",
            Self::Experiments => "Experiments",
            Self::Insights => "Insights",
            Self::Clusters => "Clusters",
            Self::Comparison => "Comparison",
            Self::Product => "Product",
            Self::Walk => "Neighbours",
            Self::Texts => "Texts",
            Self::Activity => "Activity",
        }
    }
}

/// What kind of thing an action does, as the help groups them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    Decide,
    Move,
    Find,
    Look,
    Application,
}

impl Group {
    /// Every group, in the help's order.
    pub const ALL: [Self; 5] = [Self::Decide, Self::Move, Self::Find, Self::Look, Self::Application];

    /// Returns the group's heading.
    pub fn label(self) -> &'static str {
        match self {
            Self::Decide => "Decide",
            Self::Move => "Move",
            Self::Find => "Find",
            Self::Look => "Look closer",
            Self::Application => "Application",
        }
    }
}

/// Why an action cannot be done now.
pub type Refusal = Cow<'static, str>;

/// An action as keymap, help, hints and palette need it.
#[derive(Debug)]
pub struct Action {
    pub id: ActionId,
    /// The name in the command palette.
    pub name: &'static str,
    /// One line for the help.
    pub doc: &'static str,
    pub group: Group,
    pub contexts: &'static [Context],
    pub keys: &'static [Key],
    /// The word in the hint line; none keeps the action out of it.
    pub hint: Option<&'static str>,
    /// Says whether it can be done now, and why not.
    pub check: fn(&State) -> Result<(), Refusal>,
}

impl Action {
    /// Returns an action's row of the table.
    pub fn of(id: ActionId) -> Option<&'static Self> {
        ACTIONS.iter().find(|action| action.id == id)
    }

    /// Returns the action of a name of the configuration.
    pub fn named(name: &str) -> Option<&'static Self> {
        ACTIONS.iter().find(|action| action.config_name() == name)
    }

    /// Returns the name in the configuration: words with `-` between them.
    pub fn config_name(&self) -> String {
        let plain = self.name.replace(['\'', ','], "");
        plain.replace(' ', "-")
    }

    /// Tells whether help and hints leave the action out because its first sibling stands for it.
    pub fn is_sibling(&self) -> bool {
        matches!(self.id, ActionId::Choose(2..))
    }
}

use Context::{
    Activity, Card, Clusters, Comparison, Experiments, Insights, Opening, Product, Queue, Texts, Walk,
};

const REVIEW: &[Context] = &[Queue, Card];
const LISTS: &[Context] =
    &[Queue, Card, Experiments, Insights, Clusters, Comparison, Product, Walk, Texts, Activity];
const EVERYWHERE: &[Context] =
    &[Opening, Queue, Card, Experiments, Insights, Clusters, Comparison, Product, Walk, Texts, Activity];

const fn c(c: char) -> Key {
    Key::char(c)
}

const fn k(code: KeyCode) -> Key {
    Key::plain(code)
}

macro_rules! actions {
    ($( $id:expr, $name:literal, $group:ident, $contexts:expr, [$($key:expr),*], $hint:expr, $check:path, $doc:literal; )*) => {
        /// Every action.
        pub static ACTIONS: &[Action] = &[$(
            Action {
                id: $id,
                name: $name,
                doc: $doc,
                group: Group::$group,
                contexts: $contexts,
                keys: &[$($key),*],
                hint: $hint,
                check: $check,
            },
        )*];
    };
}

use ActionId as A;

actions! {
    A::Accept, "accept", Decide, REVIEW, [c('a')], Some("accept"), checks::accept, "Accepts the selected candidate, by default the first";
    A::Choose(1), "choose 1", Decide, REVIEW, [c('1')], Some("choose"), checks::choose, "Takes the candidate of that number";
    A::Choose(2), "choose 2", Decide, REVIEW, [c('2')], None, checks::choose, "Accepts the second candidate";
    A::Choose(3), "choose 3", Decide, REVIEW, [c('3')], None, checks::choose, "Accepts the third candidate";
    A::Choose(4), "choose 4", Decide, REVIEW, [c('4')], None, checks::choose, "Accepts the fourth candidate";
    A::Choose(5), "choose 5", Decide, REVIEW, [c('5')], None, checks::choose, "Accepts the fifth candidate";
    A::Choose(6), "choose 6", Decide, REVIEW, [c('6')], None, checks::choose, "Accepts the sixth candidate";
    A::Choose(7), "choose 7", Decide, REVIEW, [c('7')], None, checks::choose, "Accepts the seventh candidate";
    A::Choose(8), "choose 8", Decide, REVIEW, [c('8')], None, checks::choose, "Accepts the eighth candidate";
    A::Choose(9), "choose 9", Decide, REVIEW, [c('9')], None, checks::choose, "Accepts the ninth candidate";
    A::Override, "override", Decide, REVIEW, [c('o')], Some("override"), checks::decide, "Gives another value, in an editor made for the attribute";
    A::Reject, "reject", Decide, REVIEW, [c('r')], Some("reject"), checks::reject, "Says that none of the candidates is right";
    A::NotApplicable, "not applicable", Decide, REVIEW, [c('n')], Some("not applicable"), checks::decide, "Says that the product can have no such value";
    A::Defer, "defer", Decide, REVIEW, [c('d')], Some("defer"), checks::decide, "Puts the gap off";
    A::Flag, "flag", Decide, REVIEW, [c('f')], Some("flag"), checks::decide, "Asks for someone's attention, with a comment";
    A::Undo, "undo", Decide, REVIEW, [c('u')], Some("undo"), checks::undo, "Takes your last decision back, also after a restart";
    A::TakeBack, "take back", Decide, &[Activity], [c('u')], Some("take back"), checks::take_back, "Takes this decision of yours back, a bulk action as one";
    A::CheckRandom, "check at random", Decide, &[Clusters], [k(KeyCode::Enter)], Some("check at random"), checks::cluster, "Lists the next random checks, to decide one by one";
    A::CheckOutliers, "check outliers", Decide, &[Clusters], [c('o')], Some("outliers"), checks::outliers, "Lists the members that are least like the others";
    A::AcceptRest, "accept the rest", Decide, &[Clusters], [c('a')], Some("accept the rest"), checks::cluster, "Accepts the value for all that is open of the cluster";
    A::Select, "select", Decide, REVIEW, [c('v')], None, checks::select, "Selects the gap; a decision then counts for all selected";
    A::SelectRange, "select range", Decide, REVIEW, [c('V')], None, checks::select, "Selects every gap from the last selected to the cursor";
    A::Flow, "flow", Decide, REVIEW, [c(' ')], Some("flow"), checks::flow, "Serves gaps held for you, one after another, until it ends";
    A::Retry, "retry", Decide, REVIEW, [], None, checks::retry, "Sends again what is not saved, without waiting";
    A::Outbox, "outbox", Decide, LISTS, [c('O')], None, checks::always, "Shows the decisions that are not saved, and why";
    A::Down, "down", Move, LISTS, [c('j'), k(KeyCode::Down)], None, checks::always, "Goes one row down";
    A::Up, "up", Move, LISTS, [c('k'), k(KeyCode::Up)], None, checks::always, "Goes one row up";
    A::PageDown, "page down", Move, LISTS, [k(KeyCode::PageDown), Key::ctrl('d')], None, checks::always, "Goes one page down";
    A::PageUp, "page up", Move, LISTS, [k(KeyCode::PageUp), Key::ctrl('u')], None, checks::always, "Goes one page up";
    A::Top, "top", Move, LISTS, [c('g'), k(KeyCode::Home)], None, checks::always, "Goes to the first row";
    A::Bottom, "bottom", Move, LISTS, [c('G'), k(KeyCode::End)], None, checks::always, "Goes to the last row, loading up to 5,000";
    A::NextChoice, "next candidate", Move, REVIEW, [c('l'), k(KeyCode::Right)], None, checks::choices, "Selects the next candidate";
    A::PreviousChoice, "previous candidate", Move, REVIEW, [c('h'), k(KeyCode::Left)], None, checks::choices, "Selects the candidate before";
    A::Open, "open", Move, &[Queue, Product, Walk], [k(KeyCode::Enter)], None, checks::open, "Opens what is under the cursor";
    A::SwitchPanel, "switch panel", Move, &[Queue, Card, Walk, Product, Activity], [k(KeyCode::Tab), k(KeyCode::BackTab)], None, checks::always, "Goes from the list to the card and back";
    A::GoToGap, "go to the gap", Move, &[Activity, Comparison], [k(KeyCode::Enter)], Some("go to the gap"), checks::row_with_gap, "Goes to the gap in the queue";
    A::Back, "back", Move, LISTS, [k(KeyCode::Esc), k(KeyCode::Backspace)], None, checks::back, "Goes one step back";
    A::Filter, "filter", Find, REVIEW, [c('/')], Some("filter"), checks::always, "Narrows the queue by product, attribute, state and more";
    A::ClearFilter, "clear filter", Find, REVIEW, [c('x')], None, checks::clear_filter, "Shows every open gap again";
    A::Opinions, "second opinions", Find, REVIEW, [c('D')], None, checks::always, "Goes to gaps for your second opinion, then the disputed";
    A::CycleSort, "next sort order", Find, REVIEW, [c('s')], None, checks::always, "Goes to the next sort order";
    A::PickSort, "pick sort order", Find, REVIEW, [c('S')], None, checks::always, "Picks the sort order from a list";
    A::Sort(QueueSort::ConfidenceDescending), "sort by confidence, high first", Find, REVIEW, [], None, checks::always, "Shows the most confident first";
    A::Sort(QueueSort::ConfidenceAscending), "sort by confidence, low first", Find, REVIEW, [], None, checks::always, "Shows the least confident first";
    A::Sort(QueueSort::Uncertainty), "sort by uncertainty", Find, REVIEW, [], None, checks::always, "Shows first where the best two candidates are close";
    A::Sort(QueueSort::Disagreement), "sort by disagreement", Find, REVIEW, [], None, checks::always, "Shows first where the experiments disagree";
    A::Sort(QueueSort::Vote), "sort by the neighbours' vote", Find, REVIEW, [], None, checks::always, "Shows first what the neighbours contradict";
    A::Sort(QueueSort::Product), "sort by product", Find, REVIEW, [], None, checks::always, "Sorts by product name";
    A::Sort(QueueSort::Age), "sort by age", Find, REVIEW, [], None, checks::always, "Shows the oldest gap first";
    A::Sort(QueueSort::Random), "sort at random", Find, REVIEW, [], None, checks::always, "Shows gaps in the order of their lots: a random sample";
    A::FilterActivity, "filter activity", Find, &[Activity], [c('/')], Some("filter"), checks::always, "Narrows the list by reviewer, action, attribute and time";
    A::Mine, "mine", Find, &[Activity], [c('m')], Some("mine"), checks::always, "Shows your own decisions only; again, everybody's";
    A::TimeSpan, "time span", Find, &[Activity], [c('t')], Some("time"), checks::always, "Goes from all to today, to 7 days, and to all again";
    A::ThisBatch, "this bulk action", Find, &[Activity], [c('b')], None, checks::batch, "Shows this bulk action only; again, everything";
    A::ClearActivity, "clear activity filter", Find, &[Activity], [c('x')], None, checks::clear_activity, "Shows every decision again";
    A::Refresh, "refresh", Find, EVERYWHERE, [c('R')], None, checks::always, "Loads what is shown again; sends unsaved decisions again";
    A::Reasoning, "reasoning", Look, REVIEW, [c('e')], Some("reasoning"), checks::choices, "Shows or hides why the model proposes the candidate";
    A::Walk, "neighbours", Look, &[Queue, Card, Product], [c('w')], Some("neighbours"), checks::product, "Walks to the nearest products, and on from there";
    A::Product, "product", Look, &[Queue, Card, Walk], [c('p')], Some("product"), checks::product, "Shows everything known about the product";
    A::Texts, "texts", Look, &[Queue, Card, Product, Walk], [c('t')], Some("texts"), checks::product, "Shows the product's texts in full";
    A::Experiments, "experiments", Look, &[Queue, Card, Insights, Clusters, Comparison, Product, Walk, Texts, Activity], [c('E')], None, checks::always, "Shows how the experiments do";
    A::Insights, "insights", Look, &[Queue, Card, Experiments, Clusters, Comparison, Product, Walk, Texts, Activity], [c('I')], None, checks::always, "Shows how good predictions are, and how the work goes on";
    A::MarkExperiment, "mark", Look, &[Experiments], [c('m')], Some("mark"), checks::experiment, "Marks the experiment, to compare it with another";
    A::CompareMarked, "compare", Look, &[Experiments], [k(KeyCode::Enter)], Some("compare"), checks::marked, "Compares it with the marked one, on the same gaps";
    A::TurnComparison, "turn the comparison", Look, &[Comparison], [k(KeyCode::Tab), c('b')], Some("turn"), checks::always, "Goes on to the gaps that the other one won";
    A::TurnInsights, "turn", Look, &[Insights], [k(KeyCode::Tab), c('b')], Some("turn"), checks::always, "Goes on to attributes, to categories, and back";
    A::ShowGroup, "show its gaps", Look, &[Insights], [k(KeyCode::Enter)], Some("show its gaps"), checks::group, "Shows the row's open gaps in the queue";
    A::AcceptUnseen, "accept unseen", Decide, &[Insights], [c('T')], Some("accept unseen"), checks::group, "Shows what of the row may be accepted unseen; accepts it";
    A::Clusters, "clusters", Look, &[Queue, Card, Experiments, Insights, Comparison, Product, Walk, Texts, Activity], [c('B')], None, checks::always, "Groups alike gaps: check some, then accept the rest as one";
    A::TurnCluster, "next part", Look, &[Clusters], [k(KeyCode::Tab), c('l')], Some("next part"), checks::always, "Goes to the next part of the group, by closeness";
    A::Alike, "gaps like it", Look, REVIEW, [c('C')], None, checks::alike, "Lists gaps like the one you just overrode or rejected";
    A::Activity, "activity", Look, &[Queue, Card, Experiments, Insights, Clusters, Comparison, Product, Walk, Texts], [c('A')], None, checks::always, "Shows who decided what, and takes decisions back";
    A::Queue, "queue", Look, &[Experiments, Insights, Clusters, Comparison, Product, Walk, Texts, Activity], [c('Q')], None, checks::always, "Goes back to the queue";
    A::Copy, "copy", Look, &[Queue, Card, Experiments, Insights, Comparison, Product, Walk, Activity], [c('y')], None, checks::copy, "Copies the product's key, or on the card the value";
    A::SaveView, "save view", Find, REVIEW, [c('W')], None, checks::save_view, "Keeps the filter and the sort order under a name";
    A::Views, "views", Find, LISTS, [c('F')], None, checks::views, "Lists the saved views: shows, renames, deletes one";
    A::JumpBack, "jump back", Move, LISTS, [c('['), Key::ctrl('o')], None, checks::jump_back, "Goes back to the place before: gap, filter and screen";
    A::JumpForward, "jump forward", Move, LISTS, [c(']')], None, checks::jump_forward, "Goes forward again after jumps back";
    A::Narrower, "narrower list", Look, &[Queue, Card, Product, Walk], [c('<')], None, checks::split, "Makes the list narrower, the card wider";
    A::Wider, "wider list", Look, &[Queue, Card, Product, Walk], [c('>')], None, checks::split, "Makes the list wider, the card narrower";
    A::Mouse, "mouse", Application, LISTS, [c('M')], None, checks::always, "Turns the mouse on or off; Shift selects text meanwhile";
    A::Log, "log", Application, EVERYWHERE, [c('L')], None, checks::always, "Shows the messages so far, and where the log file is";
    A::Palette, "commands", Application, LISTS, [c(':')], Some("commands"), checks::always, "Finds any command by its name";
    A::Help, "help", Application, EVERYWHERE, [c('?'), k(KeyCode::F(1))], Some("help"), checks::always, "Shows the keys";
    A::Tour, "tour", Application, REVIEW, [], None, checks::always, "Shows how gapdeck is used, in six steps";
    A::Suspend, "suspend", Application, EVERYWHERE, [Key::ctrl('z')], None, checks::always, "Gives the terminal back to the shell until `fg`";
    A::Quit, "quit", Application, EVERYWHERE, [c('q'), Key::ctrl('c')], Some("quit"), checks::always, "Ends gapdeck; on other screens, goes back to the queue";
}
