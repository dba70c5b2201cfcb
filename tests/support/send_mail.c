/* Sends one mail, for tests: send_mail RELAY FROM TO SUBJECT MESSAGE_ID [CA_FILE [USER PASSWORD]] <text
 * A CA_FILE requires TLS. Prints the error's id, the relay's reply and the problem in three lines;
 * exits 0 where it was taken. */
#include <stdio.h>

#include "net/mail.h"

int main(int argc, char **argv)
{
    char body[65536];
    struct mail_outcome outcome;

    if (argc != 6 && argc != 7 && argc != 9) {
        fprintf(stderr,
                "usage: send_mail RELAY FROM TO SUBJECT MESSAGE_ID [CA_FILE [USER PASSWORD]]\n");
        return 2;
    }
    size_t len = fread(body, 1, sizeof(body) - 1, stdin);
    body[len] = '\0';
    struct mail_config config = {
        .relay = argv[1], .from = argv[2], .timeout_ms = 3000, .require_tls = argc > 6};
    if (argc > 6)
        config.ca_file = argv[6];
    if (argc > 8) {
        config.user = argv[7];
        text_copy(config.password, sizeof(config.password), argv[8]);
    }
    struct mail mail = {.to = argv[3], .subject = argv[4], .text = body, .message_id = argv[5]};
    enum err rc = mail_send(&config, &mail, &outcome);
    printf("%s\n%d\n%s\n", err_id(rc), outcome.reply, outcome.problem);
    return rc == ERR_OK ? 0 : 1;
}
