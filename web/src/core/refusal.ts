// What an answer means that does not say why: labserver always does, so it comes from
// a web server between it and the page.

/** unexplained is a sentence for the status of such an answer; sent is the size of what was sent. */
export function unexplained(status: number, sent: string): string {
  switch (status) {
    case 413:
      return (
        `${sent === "" ? "What was sent" : sent} is more than this site's web server lets pass to labserver, which takes programs of up to 32 MiB. ` +
        "Tell who runs the site (for nginx: client_max_body_size 32m)."
      );
    case 429:
      return "This site's web server takes no more requests from your address at the moment. Try again in a minute.";
    case 502:
    case 503:
    case 504:
      return `This site's web server got no answer from labserver (${status}). Try again; if that does not help, tell who runs the site.`;
    default:
      return `The server answered ${status} and did not say why.`;
  }
}
