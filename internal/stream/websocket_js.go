package stream

// Web is empty in a page: nobody comes there by a WebSocket.
type Web struct{}
