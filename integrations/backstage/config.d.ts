export interface Config {
  auditLog?: {
    /** Where audit events are sent. Without it they are only logged. */
    sender?: {
      /** The auditlog server; a path prefix is allowed. */
      url: string;
      /**
       * A token of the server with the permission audit.log.write.
       * @visibility secret
       */
      token: string;
      /** A folder for what is not sent yet, on a disk that outlives the process. */
      spool: string;
      /** Events beyond this size are dropped until some are sent. Default: 67108864. */
      maxSpoolBytes?: number;
      /** Events in one request, at most 10000. Default: 500. */
      batchSize?: number;
      /** How long an event waits for others at most, as `1s` or `{ seconds: 1 }`. Default: 1s. */
      flushInterval?: string | object;
    };
  };
}
