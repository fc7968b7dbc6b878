//! How a run stands, for somebody who watches: redrawn in place on a terminal, a line now and then elsewhere.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use crate::siege::Figures;

/// Between two lines where nothing can be redrawn.
const QUIET: Duration = Duration::from_secs(5);

/// Shows figures.
#[derive(Debug)]
pub struct Screen {
    is_terminal: bool,
    ends_at: Instant,
    /// Lines that the last picture has.
    drawn: usize,
    said_at: Option<Instant>,
}

impl Screen {
    /// Nothing is shown yet.
    pub fn new(is_terminal: bool, ends_at: Instant) -> Self {
        Self { is_terminal, ends_at, drawn: 0, said_at: None }
    }

    /// Shows how it stands.
    pub fn show(&mut self, figures: &Figures, out: &mut impl Write) -> io::Result<()> {
        if !self.is_terminal {
            return self.say(figures, out);
        }
        let picture = format!("{}\n  time                 {}", Self::summary(figures), self.left());
        if self.drawn > 0 {
            // Up, and everything below is cleared: no flicker, and nothing above is touched.
            write!(out, "\x1b[{}A\x1b[J", self.drawn)?;
        }
        self.drawn = picture.lines().count();
        writeln!(out, "{picture}")?;
        out.flush()
    }

    fn say(&mut self, figures: &Figures, out: &mut impl Write) -> io::Result<()> {
        if self.said_at.is_some_and(|at| at.elapsed() < QUIET) {
            return Ok(());
        }
        self.said_at = Some(Instant::now());
        let Figures { secrets, readers, strikes, convicting, .. } = figures;
        writeln!(
            out,
            "{secrets} secrets, {readers} readers, {} kills ({} between a claim and its answer), {convicting} \
             violations, {}",
            figures.kills(),
            strikes.cut,
            self.left()
        )?;
        out.flush()
    }

    fn left(&self) -> String {
        let seconds = self.ends_at.saturating_duration_since(Instant::now()).as_secs();
        if seconds == 0 {
            "coming to an end".to_owned()
        } else {
            format!("{}:{:02} left", seconds / 60, seconds % 60)
        }
    }

    /// All figures, a line each.
    pub fn summary(figures: &Figures) -> String {
        let struck = figures.struck.iter().map(|struck| {
            format!(
                "  {:<20} killed {:>4}, paused {:>4}",
                struck.victim, struck.kills, struck.pauses
            )
        });
        let lines = [
            format!("  secrets              {:>6}", figures.secrets),
            format!(
                "  readers with verdict {:>6}, of whom {} opened",
                figures.readers, figures.opened
            ),
            format!(
                "  calls                {:>6}, {} of them without an answer, {} recoveries, {} openings of bound secrets",
                figures.calls, figures.lost, figures.recovered, figures.reopened
            ),
            format!("  connections cut      {:>6}", figures.broken),
            format!(
                "  kills                {:>6}, {} with a claim unanswered, {} that cut one off from its answer",
                figures.kills(),
                figures.strikes.between,
                figures.strikes.cut
            ),
            format!("  secrets convicting   {:>6}", figures.convicting),
        ];
        struck.chain(lines).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(is_terminal: bool, times: usize) -> String {
        let mut screen = Screen::new(is_terminal, Instant::now());
        let mut out = Vec::new();
        for _ in 0..times {
            screen.show(&Figures::default(), &mut out).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_terminal_is_redrawn_and_a_file_is_not() {
        assert_eq!(shown(true, 3).matches("\x1b[").count(), 4);
        let file = shown(false, 3);
        assert!(!file.contains('\x1b') && file.lines().count() == 1, "{file}");
    }
}
