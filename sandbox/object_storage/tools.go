//go:build tools

// Package object_storage pins the S3 server of the simulated clouds, so that it
// builds from the Go module proxy. `go mod tidy` keeps what is imported here.
package object_storage

import _ "github.com/versity/versitygw/cmd/versitygw"
