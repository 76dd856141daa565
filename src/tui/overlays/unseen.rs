//! Accepting unseen what the certified threshold of a group covers: what that would be, how far it is, what it did.

use super::{Overlay, dialog, draw_lines, keys_line};
use crate::domain::{QueueFilter, Share};
use crate::insight::threshold::Outcome;
use crate::repository::RepositoryError;
use crate::review::threshold::Finding;
use crate::review::unseen::{Accepted, Plan, Preview};
use crate::sanitise;
use crate::tui::app::action::ActionId;
use crate::tui::app::keymap::Key;
use crate::tui::app::msg::{Effect, Unseen as News};
use crate::tui::app::navigate;
use crate::tui::app::slot::Ticket;
use crate::tui::app::state::State;
use crate::tui::layout;
use crate::tui::screens::insights::DEMAND;
use crate::tui::screens::queue::KeepPlace;
use crate::tui::theme::Role;
use crate::tui::widgets::{tally, wrap};
use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::text::Line;
use std::time::Instant;

/// The share of the gaps that stays for people to look at.
const AUDIT: f64 = 0.05;
const WIDTH: u16 = 92;
/// The most values, and the most of the least confident, that are listed.
const LISTED: usize = 6;

/// How far it is.
#[derive(Debug, Clone)]
enum Phase {
    /// What the group's sample carries is being looked for.
    Finding,
    /// It carries nothing.
    Refused,
    /// What would be accepted is being counted: so many rows were read.
    Looking(u64),
    Ready {
        preview: Box<Preview>,
        since: Instant,
    },
    Accepting {
        done: Option<Accepted>,
        is_stopping: bool,
    },
    Ended {
        done: Accepted,
        was_stopped: bool,
    },
    /// It went wrong, after so much was accepted.
    Failed {
        error: RepositoryError,
        done: Option<Accepted>,
    },
}

/// The overlay.
#[derive(Debug, Clone)]
pub struct Unseen {
    /// What the gaps have in common, for a reader.
    group: String,
    filter: QueueFilter,
    ticket: Ticket,
    finding: Option<Box<Finding>>,
    phase: Phase,
}

impl Unseen {
    /// Looks at a group.
    pub fn new(group: String, filter: QueueFilter, ticket: Ticket) -> (Self, Effect) {
        let effect = Effect::LookUnseen {
            ticket,
            filter: Box::new(filter.clone()),
            demand: DEMAND,
            audit: Self::audit(),
        };
        (Self { group, filter, ticket, finding: None, phase: Phase::Finding }, effect)
    }

    fn audit() -> Share {
        Share::try_from(AUDIT).unwrap_or(Share::NONE)
    }

    fn plan(&self) -> Option<Plan> {
        self.finding.as_ref()?.plan(self.filter.clone(), Self::audit())
    }

    /// Returns the request that it waits for.
    #[cfg(test)]
    pub fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Takes what is told of it.
    pub fn told(&mut self, ticket: Ticket, news: News, now: Instant) {
        if ticket != self.ticket {
            return;
        }
        self.phase = match (news, std::mem::replace(&mut self.phase, Phase::Finding)) {
            (News::Found(finding), _) => {
                let is_certified = finding.certificate().is_some();
                self.finding = Some(finding);
                if is_certified { Phase::Looking(0) } else { Phase::Refused }
            }
            (News::Read(rows), Phase::Looking(_)) => Phase::Looking(rows),
            (News::Previewed(preview), _) => Phase::Ready { preview, since: now },
            (News::Accepted(done), Phase::Accepting { is_stopping, .. }) => {
                Phase::Accepting { done: Some(done), is_stopping }
            }
            (News::Ended(done), before) => {
                let was_stopped = matches!(before, Phase::Accepting { is_stopping: true, .. });
                Phase::Ended { done, was_stopped }
            }
            (News::Failed(error, done), _) => Phase::Failed { error, done },
            (News::Read(_) | News::Accepted(_), before) => before,
        };
    }

    pub(super) fn key(mut self, state: &mut State, key: Key) -> Vec<Effect> {
        match (&mut self.phase, key.code) {
            (Phase::Finding | Phase::Looking(_), KeyCode::Esc) => return vec![Effect::StopUnseen],
            (Phase::Refused | Phase::Ready { .. }, KeyCode::Esc) => return Vec::new(),
            (Phase::Ended { .. } | Phase::Failed { .. }, KeyCode::Esc | KeyCode::Enter) => {
                return self.close(state);
            }
            (Phase::Ready { preview, since }, KeyCode::Enter)
                if preview.accepted > 0 && state.has_been_seen(*since) =>
            {
                if let Some(plan) = self.plan() {
                    self.phase = Phase::Accepting { done: None, is_stopping: false };
                    let ticket = self.ticket;
                    state.overlay = Some(Overlay::Unseen(Box::new(self)));
                    return vec![Effect::AcceptUnseen { ticket, plan: Box::new(plan) }];
                }
            }
            (Phase::Accepting { is_stopping, .. }, KeyCode::Esc) if !*is_stopping => {
                *is_stopping = true;
                state.overlay = Some(Overlay::Unseen(Box::new(self)));
                return vec![Effect::StopUnseen];
            }
            _ => {}
        }
        state.overlay = Some(Overlay::Unseen(Box::new(self)));
        Vec::new()
    }

    /// Closes it; what it changed is loaded again.
    fn close(&self, state: &mut State) -> Vec<Effect> {
        let accepted = match &self.phase {
            Phase::Ended { done, .. } => done.accepted,
            Phase::Failed { done, .. } => done.map_or(0, |done| done.accepted),
            _ => 0,
        };
        if accepted == 0 {
            return Vec::new();
        }
        state.cards.clear();
        let mut effects = navigate::reload(state);
        effects.push(state.queue.reload(state.now, KeepPlace::Yes));
        effects
    }

    pub(super) fn view(&self, state: &State, frame: &mut Frame) {
        let theme = state.theme;
        let width = WIDTH.min(state.size.width);
        let columns = usize::from(width.saturating_sub(4));
        let most = usize::from(layout::frame(state.size).body.height.saturating_sub(2));
        let mut lines = Vec::new();
        let mut say = |text: &str, role: Role| {
            lines.extend(wrap::wrap(&[(text.to_owned(), theme.style(role))], columns, 4).0);
        };
        let mut words =
            self.finding.as_ref().map(|finding| finding.words()).unwrap_or_default().into_iter().peekable();
        let is_certified = self.finding.as_ref().is_some_and(|finding| finding.certificate().is_some());
        // What was certified, and what that rests on, comes behind what is to be decided or was done, where there is room.
        let is_done = matches!(self.phase, Phase::Ended { .. } | Phase::Failed { .. });
        if let Some(first) = words.next_if(|_| !is_done) {
            say(&first, if is_certified { Role::Strong } else { Role::Warning });
        }
        let rest: Vec<String> = words.collect();
        let mut keys = vec![("Esc", "close")];
        match &self.phase {
            Phase::Finding => say("Looking at the sample…", Role::Muted),
            Phase::Refused => {
                if let Some(finding) = &self.finding {
                    say(&finding.sample_words(), Role::Muted);
                    if matches!(finding.outcome, Outcome::TooFew { .. }) {
                        say("`gapdeck policy --random 10%` mixes such gaps into the flow.", Role::Muted);
                    }
                }
            }
            Phase::Looking(rows) => {
                say(&format!("Looking at the gaps… {}", wrap::grouped(*rows)), Role::Muted);
                keys = vec![("Esc", "cancel")];
            }
            Phase::Ready { preview, .. } => {
                let (accepts, stays) = (wrap::grouped(preview.accepted), wrap::grouped(preview.kept_out));
                say(
                    &format!("Would accept {accepts}, and keep {stays} for people to look at."),
                    Role::Accent,
                );
                keys = vec![("Enter", "accept them"), ("Esc", "cancel")];
                if preview.accepted == 0 {
                    keys.remove(0);
                }
            }
            Phase::Accepting { done, is_stopping } => {
                let count = done.map_or(0, |done| done.accepted);
                let all = self.finding.as_ref().and_then(|finding| finding.covered);
                let of = all.map_or_else(String::new, |all| format!(" of {}", crate::words::counted(all)));
                say(&format!("Accepting… {}{of}", wrap::grouped(count)), Role::Accent);
                if *is_stopping {
                    say("Stopping after this transaction; what was accepted stays.", Role::Warning);
                    keys.clear();
                } else {
                    keys = vec![("Esc", "stop")];
                }
            }
            Phase::Ended { done, was_stopped } => {
                say(&format!("{}{}", if *was_stopped { "Stopped. " } else { "" }, done.words()), Role::Good);
                say(&take_back(state, done), Role::Text);
            }
            Phase::Failed { error, done } => {
                let reason = sanitise::line(&error.to_string(), 300);
                say(&format!("It went wrong: {reason}"), Role::Bad);
                if let Some(done) = done {
                    say(&format!("Before, {}", wrap::uncapitalised(&done.words())), Role::Text);
                    say(&take_back(state, done), Role::Text);
                }
            }
        }
        for words in &rest {
            say(words, Role::Muted);
        }
        if let Phase::Ready { preview, .. } = &self.phase {
            let room = most.saturating_sub(lines.len() + 1);
            lines.extend(listed(preview, state, columns, room));
        }
        lines.truncate(most.saturating_sub(1));
        let height = u16::try_from(lines.len() + 1).unwrap_or(u16::MAX);
        let title = format!("Accept unseen · {}", self.group);
        let area = dialog(state, frame, &title, width, height);
        lines.push(keys_line(theme, area.width, &keys));
        draw_lines(frame, area, lines);
    }
}

/// Says how a bulk action is taken back.
fn take_back(state: &State, done: &Accepted) -> String {
    if done.accepted == 0 {
        return "Nothing changed.".into();
    }
    let [activity, take_back] = [ActionId::Activity, ActionId::TakeBack].map(|id| state.key(id));
    format!(
        "{activity}, then {take_back} on one of them, takes all of it back; so does `gapdeck undo --batch {}`.",
        done.batch
    )
}

/// Lists values as bars, and the least confident, in at most so many lines.
fn listed(preview: &Preview, state: &State, columns: usize, room: usize) -> Vec<Line<'static>> {
    let theme = state.theme;
    let muted = theme.style(Role::Muted);
    let mut lines = Vec::new();
    // Two empty lines and two headings; the values have the greater half.
    let Some(rows) = room.checked_sub(4).filter(|rows| *rows >= 2) else { return lines };
    let least = (rows / 2).min(LISTED).min(preview.least_confident.len());
    let values = (rows - least).min(LISTED).min(preview.values.len());
    let different = wrap::grouped(preview.different as u64);
    lines.push(Line::default());
    lines.push(Line::styled(format!("The most frequent of {different} values"), muted));
    lines.extend(tally::lines(theme, &preview.values[..values], columns));
    lines.push(Line::default());
    lines.push(Line::styled("The least confident", muted));
    for (gap, value, confidence) in preview.least_confident.iter().take(least) {
        let attribute = state.attribute_name(&gap.attribute);
        let text = format!("{confidence:>9.4} {} · {attribute} = {value}", gap.product);
        lines.push(Line::raw(wrap::cut(&sanitise::line(&text, 300), columns)));
    }
    lines
}
