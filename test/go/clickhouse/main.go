// Asks ClickHouse as the Grafana data source does: clickhouse-go through database/sql, over HTTP, compressed by gzip, with a time limit as a
// setting. Reads one JSON string a line (SQL), writes one line for each: {"rows": […]} as the engine's own JSONEachRow has them with
// quoted 64-bit integers, or {"error": "…"}.
package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

func main() {
	db := clickhouse.OpenDB(&clickhouse.Options{
		Addr:        []string{os.Getenv("CLICKHOUSE_ADDRESS")},
		Auth:        clickhouse.Auth{Database: os.Getenv("CLICKHOUSE_DATABASE"), Username: os.Getenv("CLICKHOUSE_USER"), Password: os.Getenv("CLICKHOUSE_PASSWORD")},
		Protocol:    clickhouse.HTTP,
		Compression: &clickhouse.Compression{Method: clickhouse.CompressionGZIP},
		ClientInfo:  clickhouse.ClientInfo{Products: []struct{ Name, Version string }{{Name: "grafana", Version: "12.3.0"}}},
		DialTimeout: 10 * time.Second,
		ReadTimeout: 60 * time.Second,
		Settings:    clickhouse.Settings{"max_execution_time": 60},
	})
	defer db.Close()
	in, out := bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		var text string
		if err := json.Unmarshal([]byte(line), &text); err != nil {
			panic(err)
		}
		rows, err := ask(db, text)
		if err != nil {
			_ = out.Encode(map[string]any{"error": err.Error()})
			continue
		}
		_ = out.Encode(map[string]any{"rows": rows})
	}
}

func ask(db *sql.DB, text string) ([]map[string]any, error) {
	rows, err := db.QueryContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	all := []map[string]any{}
	for rows.Next() {
		cells := make([]any, len(types))
		for i, column := range types {
			cells[i] = reflect.New(column.ScanType()).Interface()
		}
		if err := rows.Scan(cells...); err != nil {
			return nil, err
		}
		row := map[string]any{}
		for i, column := range types {
			row[column.Name()] = plain(reflect.ValueOf(cells[i]).Elem(), column.DatabaseTypeName())
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// plain gives a value the form it has in JSONEachRow.
func plain(value reflect.Value, kind string) any {
	for value.Kind() == reflect.Pointer || value.Kind() == reflect.Interface {
		if value.IsNil() {
			return nil
		}
		value = value.Elem()
	}
	if at, ok := value.Interface().(time.Time); ok {
		digits := 0
		if _, after, found := strings.Cut(kind, "DateTime64("); found {
			fmt.Sscanf(after, "%d", &digits)
		}
		form := "2006-01-02 15:04:05"
		if strings.HasPrefix(kind, "Date") && !strings.HasPrefix(kind, "DateTime") {
			form = "2006-01-02"
		}
		if digits > 0 {
			form += "." + strings.Repeat("0", digits)
		}
		return at.UTC().Format(form)
	}
	if text, ok := value.Interface().(fmt.Stringer); ok {
		return text.String()
	}
	switch value.Kind() {
	case reflect.Int64, reflect.Uint64:
		return fmt.Sprint(value.Interface())
	case reflect.Slice, reflect.Array:
		list := []any{}
		for i := range value.Len() {
			list = append(list, plain(value.Index(i), kind))
		}
		return list
	case reflect.Map:
		entries := map[string]any{}
		for _, key := range value.MapKeys() {
			entries[fmt.Sprint(key.Interface())] = plain(value.MapIndex(key), kind)
		}
		return entries
	}
	return value.Interface()
}
