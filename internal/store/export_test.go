package store

// Exec and Get let tests of transactions use a table that no area has.
func (tx *Tx) Exec(query string, args ...any) (int64, error) { return tx.exec(query, args...) }

// Get reads one row.
func (tx *Tx) Get(dest []any, query string, args ...any) error { return tx.get(dest, query, args...) }

// WithPages limits the size of SQLite's file.
func (o Options) WithPages(n int) Options {
	o.maxPages = n
	return o
}
