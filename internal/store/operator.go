package store

// HasOperator reports whether somebody is an operator.
func (tx *Tx) HasOperator() (bool, error) {
	var n int64
	err := tx.get([]any{&n}, "select count(*) from people where operator = 1 and erased = 0")
	return n > 0, err
}
