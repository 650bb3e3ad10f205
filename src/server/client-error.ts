import type { Socket } from 'node:net';
import { errorBody } from '../arm/error-body.ts';
import { serviceError } from '../errors/service.ts';
import { newRequestId } from './request-ids.ts';

const STATUS: Readonly<Record<string, readonly [line: string, reason: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'it did not arrive in time.'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'its headers are too large.'],
};

/** Answers what is no HTTP request, or was sent too slowly, and closes the connection. There is no request to answer otherwise. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  // The client is gone, or is in the middle of another answer.
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const [line, reason] = STATUS[error.code ?? ''] ?? ['400 Bad Request', 'it is not HTTP.'];
  const body = JSON.stringify(errorBody(serviceError('InvalidRequest', { reason })));
  socket.end(
    [
      `HTTP/1.1 ${line}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `x-ms-request-id: ${newRequestId()}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
