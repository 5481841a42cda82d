/* repeat_control.c URL N CALL: makes N control calls on one client. CALL: ready (check_model_ready),
 * metadata. */
#include <string.h>

#include "check.h"

int main(int argc, char **argv) {
    triton_client *client = NULL;
    int left;
    CHECK(argc == 4);
    CHECK(triton_client_new(argv[1], NULL, &client, &error) == TRITON_STATUS_OK);
    for (left = atoi(argv[2]); left > 0; left--) {
        if (strcmp(argv[3], "ready") == 0) {
            bool ready = false;
            CHECK(triton_client_check_model_ready(client, "simple", "", NULL, &ready, &error)
                  == TRITON_STATUS_OK);
            CHECK(ready);
        } else {
            triton_model_metadata *metadata = NULL;
            CHECK(triton_client_model_metadata(client, "simple", "", NULL, &metadata, &error)
                  == TRITON_STATUS_OK);
            triton_model_metadata_free(metadata);
        }
    }
    triton_client_free(client);
    return 0;
}
