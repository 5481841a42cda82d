// infer URL: inferences by cgo, in goroutines that share a client.
package main

/*
#include <stdlib.h>
#include <triton_client.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"unsafe"
)

// failure makes a Go error of C's and frees it.
func failure(status C.triton_status, err *C.triton_error) error {
	if status == C.TRITON_STATUS_OK {
		return nil
	}
	defer C.triton_error_free(err)
	return errors.New(C.GoString(C.triton_error_message(err)))
}

func addInput(request *C.triton_infer_request, name string, values []int32) error {
	var err *C.triton_error
	var index C.size_t
	cName := C.CString(name)
	defer C.free(unsafe.Pointer(cName))
	shape := [2]C.int64_t{1, C.int64_t(len(values))}
	status := C.triton_infer_request_add_input(request, cName, C.TRITON_DATATYPE_INT32, &shape[0], 2, &index, &err)
	if status != C.TRITON_STATUS_OK {
		return failure(status, err)
	}
	// Copied: Go's memory must not be borrowed beyond a call.
	size := C.size_t(4 * len(values))
	return failure(C.triton_infer_request_input_append_data_copy(request, index, unsafe.Pointer(&values[0]), size, &err), err)
}

func infer(client *C.triton_client, offset int32) error {
	var err *C.triton_error
	var request *C.triton_infer_request
	var result *C.triton_infer_result
	model, output := C.CString("simple"), C.CString("OUTPUT0")
	defer C.free(unsafe.Pointer(model))
	defer C.free(unsafe.Pointer(output))
	if status := C.triton_infer_request_new(model, &request, &err); status != C.TRITON_STATUS_OK {
		return failure(status, err)
	}
	defer C.triton_infer_request_free(request)
	a, b := make([]int32, 16), make([]int32, 16)
	for i := range a {
		a[i], b[i] = int32(i), offset
	}
	if err := addInput(request, "INPUT0", a); err != nil {
		return err
	}
	if err := addInput(request, "INPUT1", b); err != nil {
		return err
	}
	if status := C.triton_client_infer(client, request, nil, &result, &err); status != C.TRITON_STATUS_OK {
		return failure(status, err)
	}
	defer C.triton_infer_result_free(result)
	var data unsafe.Pointer
	var count C.size_t
	status := C.triton_infer_result_output_as(result, output, C.TRITON_DATATYPE_INT32, &data, &count, &err)
	if status != C.TRITON_STATUS_OK {
		return failure(status, err)
	}
	for i, sum := range unsafe.Slice((*int32)(data), int(count)) {
		if sum != int32(i)+offset {
			return fmt.Errorf("%d + %d = %d", i, offset, sum)
		}
	}
	return nil
}

func main() {
	var err *C.triton_error
	var client *C.triton_client
	url := C.CString(os.Args[1])
	defer C.free(unsafe.Pointer(url))
	if status := C.triton_client_new(url, nil, &client, &err); status != C.TRITON_STATUS_OK {
		fmt.Fprintln(os.Stderr, failure(status, err))
		os.Exit(1)
	}
	var group sync.WaitGroup
	failures := make(chan error, 80)
	for i := int32(0); i < 80; i++ {
		group.Add(1)
		go func(offset int32) {
			defer group.Done()
			failures <- infer(client, offset)
		}(i)
	}
	group.Wait()
	close(failures)
	for err := range failures {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	C.triton_client_free(client)
	fmt.Println("PASS")
}
