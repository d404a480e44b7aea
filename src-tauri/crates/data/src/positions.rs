//! Which rows a sheet has, and where.

use std::path::Path;
use std::sync::Arc;

use braincells_core::RowId;
use duckdb::Connection;

use crate::DataError;
use crate::error::during;
use crate::schema::ORDER_GAP;

/// How positions in the sheet map to row ids.
#[derive(Clone, Debug)]
pub(crate) struct Positions {
    /// Rows.
    pub(crate) count: u64,
    /// The least row id, 1 in a sheet without rows.
    pub(crate) first: i64,
    /// How many ids there are from the least to the greatest.
    pub(crate) span: usize,
    /// `None` as every import leaves them: ids count up in sheet order without a gap.
    order: Option<Arc<Order>>,
}

#[derive(Debug)]
struct Order {
    /// Row ids in sheet order.
    ids: Vec<i64>,
    /// One bit for each id from the first on: whether the row is there.
    present: Vec<u64>,
}

impl Positions {
    pub(crate) fn load(connection: &Connection, path: &Path) -> Result<Self, DataError> {
        // The states of cells are kept in a list by row id, so a stray id must not make it huge;
        // but a large sheet of which few rows are left must open.
        const MOST_IDS_PER_ROW: i128 = 64;
        const ALWAYS_FINE: i128 = 1 << 24;
        let sql = format!(
            "SELECT count(*), coalesce(min(row_id), 1), coalesce(max(row_id), 0), \
             coalesce(bool_and(row_order = row_id::HUGEINT * {ORDER_GAP}), true) FROM main.rows"
        );
        let (count, first, last, ordered): (i64, i64, i64, bool) = connection
            .query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .map_err(during("count the rows"))?;
        let span = i128::from(last) - i128::from(first) + 1;
        if span > ALWAYS_FINE.max(i128::from(count) * MOST_IDS_PER_ROW) {
            let reason = "its row ids are too far apart".to_owned();
            return Err(DataError::NotASheet { path: path.to_path_buf(), reason });
        }
        let dense = ordered && span == i128::from(count);
        let order =
            if dense { None } else { Some(Arc::new(Order::load(connection, first, span)?)) };
        Ok(Self { count: count as u64, first, span: span as usize, order })
    }

    /// Whether the row is there.
    pub(crate) fn holds(&self, row: RowId) -> bool {
        let Some(offset) = row.0.checked_sub(self.first) else { return false };
        let Ok(offset) = usize::try_from(offset) else { return false };
        match &self.order {
            None => offset < self.span,
            Some(order) => {
                order.present.get(offset / 64).is_some_and(|bits| bits >> (offset % 64) & 1 == 1)
            }
        }
    }

    /// Where a row is, if it is there.
    pub(crate) fn position_of(&self, row: RowId) -> Option<u64> {
        if !self.holds(row) {
            return None;
        }
        match &self.order {
            None => Some((row.0 - self.first) as u64),
            Some(order) => order.ids.iter().position(|id| *id == row.0).map(|at| at as u64),
        }
    }

    /// Up to `count` row ids in sheet order from position `start` on.
    pub(crate) fn slice(&self, start: u64, count: u64) -> Vec<RowId> {
        let start = start.min(self.count);
        let end = start.saturating_add(count).min(self.count);
        match &self.order {
            None => (start..end).map(|at| RowId(self.first + at as i64)).collect(),
            Some(order) => {
                order.ids[start as usize..end as usize].iter().map(|id| RowId(*id)).collect()
            }
        }
    }
}

impl Order {
    fn load(connection: &Connection, first: i64, span: i128) -> Result<Self, DataError> {
        let failed = during("read the order of the rows");
        let mut order = Self { ids: Vec::new(), present: vec![0; span as usize / 64 + 1] };
        let mut statement = connection
            .prepare("SELECT row_id FROM main.rows ORDER BY row_order, row_id")
            .map_err(&failed)?;
        let mut rows = statement.query([]).map_err(&failed)?;
        while let Some(row) = rows.next().map_err(&failed)? {
            let id: i64 = row.get(0).map_err(&failed)?;
            let offset = (id - first) as usize;
            order.present[offset / 64] |= 1 << (offset % 64);
            order.ids.push(id);
        }
        Ok(order)
    }
}
