//! Lists, a line each, in columns that stand below each other.

use crate::terminal::width;

/// Between two columns.
const GAP: usize = 2;

/// Rows of equally many cells as lines. The last column may be as long as it likes.
pub(crate) fn lines<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let widest = |column: usize| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(widest).collect();
    rows.iter().map(|row| line(row, &widths)).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, widest) in row.iter().zip(widths) {
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', widest - width(cell) + GAP));
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_in_every_script() {
        let rows = [["Role", "Address"], ["監査人", "a@b.example"], ["", "c@d.example"]];
        let lines = lines(&rows.map(|row| row.map(str::to_owned)));
        assert_eq!(lines, ["Role    Address", "監査人  a@b.example", "        c@d.example"]);
    }
}
