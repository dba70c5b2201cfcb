/* Building a mail and handing it to the relay, by libcurl. */
#include "net/mail.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/encode.h"

#define WORD_BYTES 39 /* of text in an encoded word, so that it fits a line behind its name */
#define LINE_BYTES 57 /* of text in a line of base64, which may have 76 */
#define MESSAGE_MAX (2 * MAIL_TEXT_MAX)

/* --- what may be in a header ------------------------------------------------------------------- */

/* One or more printable ASCII characters without blanks and without those of `refused`. */
static bool is_word(const char *text, size_t max, const char *refused)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~' || strchr(refused, text[i]) != NULL)
            return false;
    return len >= 1 && len <= max;
}

static bool is_address(const char *text)
{
    const char *at = strchr(text, '@');
    return is_word(text, MAIL_ADDRESS_MAX, "<>()[],;:\"\\") && at != NULL && at != text &&
           at[1] != '\0' && strchr(at + 1, '@') == NULL;
}

/* One line of UTF-8 without control characters. */
static bool is_line(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return false;
    return len <= MAIL_LINE_MAX && text_is_utf8(text, len);
}

/* Splits "Name <address>" or "address". False where it is neither. */
static bool split_from(const char *from, char name[MAIL_LINE_MAX + 1],
                       char address[MAIL_ADDRESS_MAX + 1])
{
    const char *open = strchr(from, '<');
    size_t len = strlen(from), name_len = 0;
    const char *start = from;

    if (open != NULL) {
        if (from[len - 1] != '>')
            return false;
        len = (size_t)(from + len - 1 - (open + 1));
        start = open + 1;
        name_len = (size_t)(open - from);
        while (name_len > 0 && from[name_len - 1] == ' ')
            name_len--;
    }
    if (name_len > MAIL_LINE_MAX || len > MAIL_ADDRESS_MAX)
        return false;
    text_copy(name, name_len + 1, from);
    text_copy(address, len + 1, start);
    return is_address(address) && is_line(name) && strpbrk(name, "\"\\") == NULL;
}

/* --- the message ------------------------------------------------------------------------------- */

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text > '~')
            return false;
    return true;
}

/* Adds UTF-8 as encoded words (RFC 2047), each of whole characters. */
static void add_encoded(struct text *out, const char *text)
{
    char word[BASE64_SIZE(WORD_BYTES)];
    size_t len = strlen(text);

    while (len > 0) {
        size_t part = len < WORD_BYTES ? len : WORD_BYTES;
        while (part < len && ((unsigned char)text[part] & 0xc0) == 0x80)
            part--;
        base64_encode(text, part, word);
        text += part;
        len -= part;
        text_addf(out, "=?UTF-8?B?%s?=%s", word, len > 0 ? "\r\n " : "");
    }
}

/* A text that looks like an encoded word already is encoded, too, so that it arrives as it is. */
static void add_subject(struct text *out, const char *subject)
{
    text_puts(out, "Subject: ");
    if (is_ascii(subject) && strlen(subject) < 66 && strstr(subject, "=?") == NULL)
        text_puts(out, subject);
    else
        add_encoded(out, subject);
    text_puts(out, "\r\n");
}

static void add_from(struct text *out, const char *name, const char *address)
{
    text_puts(out, "From: ");
    if (name[0] != '\0' && is_ascii(name))
        text_addf(out, "\"%s\" ", name);
    else if (name[0] != '\0') {
        add_encoded(out, name);
        text_puts(out, "\r\n ");
    }
    text_addf(out, "<%s>\r\n", address);
}

/* Adds the text in base64, with every line end as CR LF. */
static void add_body(struct text *out, const char *text)
{
    char line[LINE_BYTES], encoded[BASE64_SIZE(LINE_BYTES)];
    size_t len = 0;

    for (char last = '\0'; *text != '\0'; last = *text++) {
        if (*text == '\n' && last == '\r')
            continue;
        const char *bytes = *text == '\n' || *text == '\r' ? "\r\n" : (char[]){*text, '\0'};
        for (; *bytes != '\0'; bytes++) {
            line[len++] = *bytes;
            if (len == sizeof(line)) {
                base64_encode(line, len, encoded);
                text_addf(out, "%s\r\n", encoded);
                len = 0;
            }
        }
    }
    if (len > 0) {
        base64_encode(line, len, encoded);
        text_addf(out, "%s\r\n", encoded);
    }
}

enum err mail_message(const struct mail_config *config, const struct mail *mail, int64_t unix_s,
                      struct text *out)
{
    char name[MAIL_LINE_MAX + 1], address[MAIL_ADDRESS_MAX + 1], date[64];
    time_t seconds = (time_t)unix_s;
    struct tm utc;

    text_clear(out);
    if (!split_from(config->from, name, address) || !is_address(mail->to) ||
        !is_line(mail->subject) || !is_word(mail->message_id, MAIL_LINE_MAX, "<>") ||
        strlen(mail->text) > MAIL_TEXT_MAX || !text_is_utf8(mail->text, strlen(mail->text)) ||
        gmtime_r(&seconds, &utc) == NULL)
        return ERR_INVALID;
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &utc);
    add_from(out, name, address);
    text_addf(out, "To: <%s>\r\n", mail->to);
    add_subject(out, mail->subject);
    text_addf(out, "Date: %s\r\nMessage-ID: <%s>\r\n", date, mail->message_id);
    text_puts(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                   "Content-Type: text/plain; charset=utf-8\r\n"
                   "Content-Transfer-Encoding: base64\r\n\r\n");
    add_body(out, mail->text);
    return ERR_OK;
}

/* --- sending ----------------------------------------------------------------------------------- */

struct upload {
    const char *data;
    size_t left;
};

static size_t read_upload(char *out, size_t one, size_t room, void *arg)
{
    struct upload *upload = arg;
    size_t len = one * room < upload->left ? one * room : upload->left;
    memcpy(out, upload->data, len);
    upload->data += len;
    upload->left -= len;
    return len;
}

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* How the relay is reached: never with a password, and with nothing where TLS is required, before
 * the connection is encrypted. */
static bool set_connection(CURL *easy, const struct mail_config *config)
{
    bool tls = config->require_tls || is_set(config->user);

    return curl_easy_setopt(easy, CURLOPT_URL, config->relay) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)config->timeout_ms) == CURLE_OK &&
           /* The farewell to a relay that hangs is waited for as well; without this for 120 s. */
           curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT,
                            (long)(config->timeout_ms + 999) / 1000) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USE_SSL,
                            (long)(tls ? CURLUSESSL_ALL : CURLUSESSL_NONE)) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           (!is_set(config->ca_file) ||
            curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file) == CURLE_OK) &&
           (!is_set(config->user) ||
            (curl_easy_setopt(easy, CURLOPT_USERNAME, config->user) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_PASSWORD, config->password) == CURLE_OK));
}

static bool set_upload(CURL *easy, const char *from, const struct curl_slist *to,
                       struct upload *upload)
{
    return curl_easy_setopt(easy, CURLOPT_MAIL_FROM, from) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, to) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)upload->left) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READDATA, upload) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_upload) == CURLE_OK;
}

static void fill_outcome(CURL *easy, CURLcode code, const char *error, struct mail_outcome *outcome)
{
    long reply = 0;
    curl_off_t time_us = 0;

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply);
    curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &time_us);
    outcome->reply = (int)reply;
    outcome->latency_us = time_us;
    if (code == CURLE_OK)
        return;
    text_copy(outcome->problem, sizeof(outcome->problem),
              error[0] != '\0' ? error : curl_easy_strerror(code));
    for (char *c = outcome->problem; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}

/* Runs what was set up; the outcome is filled in any case. */
static enum err perform(CURL *easy, struct mail_outcome *outcome)
{
    char error[CURL_ERROR_SIZE] = "";

    if (curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error) != CURLE_OK)
        return ERR_NO_MEMORY;
    CURLcode code = curl_easy_perform(easy);
    fill_outcome(easy, code, error, outcome);
    if (code == CURLE_OUT_OF_MEMORY)
        return ERR_NO_MEMORY;
    return code == CURLE_OK ? ERR_OK : ERR_IO;
}

static enum err transfer(const struct mail_config *config, const char *to,
                         const struct text *message, struct mail_outcome *outcome)
{
    char name[MAIL_LINE_MAX + 1], from[MAIL_ADDRESS_MAX + 1];
    struct upload upload = {message->data, message->len};
    CURL *easy = curl_easy_init();
    struct curl_slist *recipients = curl_slist_append(NULL, to);
    enum err rc = ERR_NO_MEMORY;

    if (easy != NULL && recipients != NULL && split_from(config->from, name, from) &&
        set_connection(easy, config) && set_upload(easy, from, recipients, &upload))
        rc = perform(easy, outcome);
    curl_slist_free_all(recipients);
    curl_easy_cleanup(easy);
    return rc;
}

/* smtp or smtps, and no password in it: the configuration is printed. */
static bool is_relay(const char *relay)
{
    return relay != NULL && strchr(relay, '@') == NULL &&
           (strncmp(relay, "smtp://", 7) == 0 || strncmp(relay, "smtps://", 8) == 0);
}

enum err mail_configure(const struct config *config, struct mail_config *out)
{
    *out = (struct mail_config){.relay = config->mail_relay,
                                .from = config->mail_from,
                                .user = config->mail_user,
                                .ca_file = config->net_ca_file,
                                .require_tls = config->mail_require_tls,
                                .timeout_ms = config->ipn_timeout_ms};
    if (is_set(out->relay) && !is_relay(out->relay))
        return ERR_CONFIG;
    if (is_set(out->user) != is_set(config->mail_password_file))
        return ERR_CONFIG;
    return config_secret(config->mail_password_file, out->password, sizeof(out->password));
}

enum err mail_send(const struct mail_config *config, const struct mail *mail,
                   struct mail_outcome *outcome)
{
    struct text message = TEXT(MESSAGE_MAX);

    *outcome = (struct mail_outcome){0};
    if (!is_relay(config->relay))
        return ERR_CONFIG;
    enum err rc = mail_message(config, mail, clock_now_us() / 1000000, &message);
    if (rc == ERR_OK && message.full)
        rc = ERR_NO_MEMORY;
    if (rc == ERR_OK)
        rc = transfer(config, mail->to, &message, outcome);
    text_free(&message);
    return rc;
}

enum err mail_check(const struct mail_config *config, struct mail_outcome *outcome)
{
    enum err rc = ERR_NO_MEMORY;

    *outcome = (struct mail_outcome){0};
    if (!is_relay(config->relay))
        return ERR_CONFIG;
    CURL *easy = curl_easy_init();
    if (easy != NULL && set_connection(easy, config) &&
        curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK)
        rc = perform(easy, outcome);
    curl_easy_cleanup(easy);
    return rc;
}
